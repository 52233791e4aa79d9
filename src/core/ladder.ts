import type { TemplateName } from './notice.ts';

/** `3d`, `-2d`, `36h`, `15m`, `0d`: an offset from the anchor; days are calendar days. */
export type Offset = `${number}${'d' | 'h' | 'm'}`;

/**
 * One step. `id` is stored with what was done, so it never changes its meaning: a ladder that
 * changes gets a new `version`, and running episodes keep the ladder they started with.
 */
export type Step =
  | {
      readonly id: string;
      readonly after: Offset;
      readonly action: 'remind';
      readonly template: TemplateName;
    }
  | {
      readonly id: string;
      readonly after: Offset;
      readonly action: 'escalate';
      readonly template: TemplateName;
      /** 1 is the first people to hear of it; the config says who they are. */
      readonly tier: number;
    }
  | { readonly id: string; readonly after: Offset; readonly action: 'close' };

export interface Ladder {
  readonly id: string;
  readonly version: number;
  /** `failure`: earliest failure of the episode. `due`: the due date, offsets may be negative. */
  readonly anchor: 'failure' | 'due';
  /** In ascending order of offset, at most 20, unique ids; a ladder must end (`close` comes last). */
  readonly steps: readonly Step[];
}

export const STEPS_MAX = 20;

/** When mail may be sent. Steps only ever move forward to fit. */
export interface Calendar {
  /** Used where the recipient's own zone is not known. IANA name. */
  readonly zone: string;
  /** Local times `HH:MM`; `from` later than `to` spans midnight; null: none. */
  readonly quietHours: { readonly from: string; readonly to: string } | null;
  /** ISO weekdays on which people work, 1 Monday … 7 Sunday. Never empty. */
  readonly businessDays: readonly number[];
  /** Local dates `YYYY-MM-DD` on which nothing is sent. */
  readonly holidays: readonly string[];
}
