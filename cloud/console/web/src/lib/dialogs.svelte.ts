// Which dialog is open. There is one of each, beside the pages.
import type { Alert } from './api';

class Dialogs {
  /** The alert that is being acknowledged. */
  acknowledging = $state.raw<Alert | undefined>(undefined);
  /** An action on a case, from its row in a list. */
  deed = $state.raw<{ id: string; action: string } | undefined>(undefined);
  /** The keys that work on the page are shown. */
  help = $state(false);
  /** The picture that is shown large. */
  picture = $state.raw<{ image: string; title: string } | undefined>(undefined);
}

export const dialogs = new Dialogs();
