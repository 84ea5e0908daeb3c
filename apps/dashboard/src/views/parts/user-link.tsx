import { Link } from '@tanstack/react-router'
import styles from './user-link.module.css'

interface UserLinkProps {
  readonly jid: string
  /** All of a cell: it gets room before texts beside it do. */
  readonly isCell?: boolean
}

/** Leads to a user. */
export const UserLink = ({ jid, isCell = false }: UserLinkProps) => (
  <Link to="/users/$jid" params={{ jid }} className={isCell ? styles.cell : undefined}>
    <bdi>{jid}</bdi>
  </Link>
)
