import { Link } from '@tanstack/react-router'

/** Leads to a user. */
export const UserLink = ({ jid }: { readonly jid: string }) => (
  <Link to="/users/$jid" params={{ jid }}>
    <bdi>{jid}</bdi>
  </Link>
)
