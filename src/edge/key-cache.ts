/** The few imported keys a process uses, least recently used out first: importing costs more than verifying. */
import { KEY_CACHE_MAX } from '../core/limits.ts';

export interface KeyCache<Key> {
  get(id: string, create: () => Key): Key;
}

/** Holds `max` keys at most. What `create` made is kept as it is, a promise that rejects too. */
export function createKeyCache<Key>(max: number = KEY_CACHE_MAX): KeyCache<Key> {
  const keys = new Map<string, Key>();
  return {
    get: (id, create) => {
      const known = keys.get(id);
      const key = known ?? create();
      keys.delete(id);
      keys.set(id, key);
      if (keys.size > max) {
        const oldest = keys.keys().next();
        if (!oldest.done) keys.delete(oldest.value);
      }
      return key;
    },
  };
}
