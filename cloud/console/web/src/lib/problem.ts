// What went wrong, for the person who asked for it.
import { ApiError } from './api';
import { headline, pick } from './i18n/translate';
import { settings, t } from './settings.svelte';

/** The aggregator's own sentence in the viewer's language; follows the switch. */
export function problemText(e: unknown): string {
  if (!(e instanceof ApiError)) return t('problem.unreachable');
  const text = pick(settings.language, e.text)?.text;
  return text ? headline(text) : t('problem.unknown', { id: e.id || String(e.status) });
}
