import { Dialog } from '../ui/dialog.tsx'
import { VIEWS } from '../views.ts'
import styles from './help.module.css'

interface HelpProps {
  readonly isOpen: boolean
  readonly onClose: () => void
}

export function Help({ isOpen, onClose }: HelpProps) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Help and keys" size="wide">
      <p>
        Every view keeps its filters in the address: send the address, and a colleague sees the same. What is shown is
        live; the top bar says when it is not.
      </p>
      <dl className={styles.keys}>
        <Key keys={['/']} does="Find a user" />
        <Key keys={['?']} does="This help" />
        <Key keys={['Esc']} does="Close a dialog" />
        {VIEWS.map(({ key, title }) => (
          <Key key={key} keys={['g', key]} does={title} />
        ))}
      </dl>
    </Dialog>
  )
}

const Key = ({ keys, does }: { readonly keys: readonly string[]; readonly does: string }) => (
  <div>
    <dt>
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </dt>
    <dd>{does}</dd>
  </div>
)
