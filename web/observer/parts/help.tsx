import { Dialog } from './dialog.tsx';

const keys: readonly (readonly [key: string, what: string])[] = [
  ['/', 'Go to the search field of this page'],
  ['?', 'Show these keys'],
  ['↑ ↓', 'From row to row, in the tree and in tables'],
  ['→ ←', 'Open and close a branch of the tree'],
  ['Home End', 'First and last row'],
  ['Enter', 'Open what the row is about'],
  ['Esc', 'Close a dialog'],
];

/** What the keyboard can do. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog label="Keys" onClose={onClose}>
      <div className="inside">
        <h2>Keys</h2>
        <dl className="pairs">
          {keys.map(([key, what]) => (
            <div key={key}>
              <dt>
                {key.split(' ').map(one => (
                  <kbd key={one}>{one}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <p className="hint">
          What is on the page is asked of the server once a second, while the page can be seen. A
          table whose rows you point at keeps their order.
        </p>
        <div className="bar">
          <button type="button" className="main" onClick={onClose} data-first>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}
