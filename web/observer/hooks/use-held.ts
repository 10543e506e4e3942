import { useState } from 'react';
import { holdOrder } from '../../model/hold-order.ts';

interface Held<Row> {
  readonly rows: readonly Row[];
  /** For the element around the rows. */
  readonly holders: {
    readonly onPointerEnter: () => void;
    readonly onPointerLeave: () => void;
    readonly onFocus: () => void;
    readonly onBlur: () => void;
  };
  readonly held: boolean;
}

/** Keeps rows in their order while somebody points at them or has the keyboard in them. `key` must be a constant function. */
export function useHeld<Row>(rows: readonly Row[], key: (row: Row) => string | number): Held<Row> {
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const [order, setOrder] = useState<readonly (string | number)[]>([]);
  const held = pointed || focused;
  const shown = held ? holdOrder(order, rows, key) : rows;
  const keys = shown.map(key);
  if (keys.length !== order.length || keys.some((one, index) => one !== order[index])) {
    setOrder(keys);
  }
  return {
    rows: shown,
    held,
    holders: {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      onFocus: () => setFocused(true),
      onBlur: () => setFocused(false),
    },
  };
}
