// Which dialog is open. There is one of each, beside the pages.
import type { Alert } from './api';

class Dialogs {
  /** The alert that is being acknowledged. */
  acknowledging = $state.raw<Alert | undefined>(undefined);
  /** The picture that is shown large. */
  picture = $state.raw<{ image: string; title: string } | undefined>(undefined);
}

export const dialogs = new Dialogs();
