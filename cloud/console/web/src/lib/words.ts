// Names and sentences put together from what the API gives, in the viewer's language.
import { alerts } from './alerts.svelte';
import { clock } from './clock.svelte';
import type { Alert, Device, Health, HistoryEntry, QualityCode, StreamInfo } from './api';
import type { Case } from './desk';
import { fleet } from './fleet.svelte';
import { commonDecimals, formatValue, withUnit } from './format';
import { headline, pick } from './i18n/translate';
import { qualifierOf, standingOf, streamKey, type Standing } from './model';
import { settings, t, word } from './settings.svelte';
import { moment } from './times.svelte';

/** A text with the language it is written in, for lang attributes. */
export interface Tagged {
  text: string;
  lang: string;
}

/** The words for what a stream measures: "Temperature", with "inlet" behind for temp.inlet. */
export function streamLabel(s: StreamInfo): Tagged {
  const label = pick(settings.language, s.label) ?? { text: s.channel, lang: 'en' };
  label.text = headline(label.text);
  const qualifier = s.label ? qualifierOf(s.channel) : '';
  return qualifier ? { ...label, text: `${label.text} · ${qualifier}` } : label;
}

/**
 * What is wrong with a device, in the viewer's language: the gateway's health says it
 * in each; the device's own note only in the gateway's.
 */
export function deviceNote(d: Device, health: readonly Health[] | null | undefined): Tagged | undefined {
  const said = health?.find((h) => h.about === d.id && h.id !== 'maintenance' && pick(settings.language, h.text));
  if (said) return pick(settings.language, said.text);
  return d.note ? { text: d.note, lang: guessLanguage(d.note) } : undefined;
}

/** That somebody works on a device, until when and who; empty: nobody does. */
export function upkeepText(d: Pick<Device, 'upkeep'>, gateway?: string): string {
  const u = d.upkeep;
  if (!u) return '';
  if (!u.until_ms) return t('device.upkeep.open', { by: u.by });
  return t('device.upkeep', { by: u.by, until: moment(u.until_ms, gateway) });
}

/** What an alert says; the rule's name when it says nothing. */
export function alertText(a: Alert): Tagged {
  const said = pick(settings.language, a.text);
  return said ? { ...said, text: headline(said.text) } : { text: a.rule, lang: 'en' };
}

/** Value or limit of an alert with unit, both with the same decimals; empty when there is none. */
export function alertNumber(a: Alert, v: number | null | undefined): string {
  if (v === null || v === undefined) return '';
  const metric = fleet.stream(`${a.gateway}/${a.device}/${a.channel}`)?.value.decimals;
  return withUnit(formatValue(settings.language, v, commonDecimals(a.value, a.limit, metric)), a.unit_text || a.unit);
}

/** Who did what in the history, in words: the aggregator writes "yellow, actual" and "yellow → red". */
export function historyNote(h: HistoryEntry): string {
  if (!h.note || (h.what !== 'raised' && h.what !== 'severity')) return h.note ?? '';
  const stages = { forecast: t('stage.forecast'), actual: t('stage.actual') };
  return h.note.replace(/\w+/g, (w) => (w in stages ? stages[w as keyof typeof stages] : word('severity', w)));
}

/** The newest reading of an alert's stream: its number, its time, and whether it is the present. */
export interface Newest {
  number: string;
  qc: QualityCode;
  why: string;
  t: number;
  standing: Standing;
}

/** The newest reading of the alert's stream, when it is usable. Of a gateway that is away it is the last known, and says so. */
export function alertNow(a: Alert): Newest | undefined {
  if (!a.device || !a.channel || a.condition !== 'active') return undefined;
  const value = fleet.stream(streamKey({ gateway: a.gateway, device: a.device, channel: a.channel }))?.value;
  if (!value || value.v === null || value.qc === 4) return undefined;
  // A rule may watch a sum or a rate over a stream. Only when the alert's value is
  // one of the stream's own readings does the newest reading compare with it.
  const own = a.evidence?.some((e) => e.n === `${a.device}/${a.channel}` && e.v === a.value);
  if (!own || value.unit !== a.unit) return undefined;
  return {
    number: withUnit(formatValue(settings.language, value.v, value.decimals), value.unit_text || value.unit),
    qc: value.qc,
    why: value.why ?? '',
    t: value.t,
    standing: standingOf(value, fleet.gateway(a.gateway)?.info.online, clock.now),
  };
}

/** Why an active alert's stream has no value now, as its gateway's health says it: a camera that learns yet, or is covered. */
export function alertBlind(a: Alert): Tagged | undefined {
  if (!a.device || !a.channel || a.condition !== 'active') return undefined;
  const value = fleet.stream(streamKey({ gateway: a.gateway, device: a.device, channel: a.channel }))?.value;
  const info = fleet.gateway(a.gateway)?.info;
  const device = info?.devices?.find((d) => d.id === a.device);
  return value?.v === null && info?.online && device ? deviceNote(device, info.health) : undefined;
}

/** A gateway's name as people say it; its id when it has none. */
export function gatewayName(id: string): string {
  return fleet.gateway(id)?.info.name || id;
}

/** Since when a gateway is away; undefined: it is there, or nothing is known of it. A time that is not known is that of its last word. */
export function silentSince(id: string): number | undefined {
  const info = fleet.gateway(id)?.info;
  return info && !info.online ? info.since || info.last_seen || 0 : undefined;
}

/** "Alert" or "Pre-alert". */
export function stageWord(a: Alert): string {
  return t(a.stage === 'forecast' ? 'stage.forecast' : 'stage.actual');
}

/** The language of a text that comes without one: a gateway's notes are Chinese or English. */
export function guessLanguage(text: string): string {
  return /\p{Script=Han}/u.test(text) ? 'zh-CN' : 'en';
}

/** What a case is about, in the words of whoever raised it; its kind when there are none. */
export function caseTitle(c: Case): Tagged {
  // An alert says it in each language, its case in one of them.
  const alert = c.source === 'alert' && !c.storm ? alerts.about(c.gateway, c.device, c.rule) : undefined;
  if (alert?.text) return alertText(alert);
  return c.text ? { text: headline(c.text), lang: guessLanguage(c.text) } : { text: c.rule || c.kind, lang: 'en' };
}

/** Who did something to a case: a person, or the aggregator of itself. */
export function whoText(who: string): string {
  return who || t('case.system');
}
