import { expect, test } from 'vitest';
import { brokerURL, configSnippet, isLoopback } from './connect';

test.each([
  ['127.0.0.1:1883', 'mqtt://127.0.0.1:1883', true],
  ['localhost:1883', 'mqtt://localhost:1883', true],
  ['[::1]:1883', 'mqtt://[::1]:1883', true],
  ['mqtts://hub.example.org:8883', 'mqtts://hub.example.org:8883', false],
  ['192.168.1.4:1883', 'mqtt://192.168.1.4:1883', false],
  ['127.example.org:1883', 'mqtt://127.example.org:1883', false],
])('%s', (address, url, loopback) => {
  expect(brokerURL(address)).toBe(url);
  expect(isLoopback(address)).toBe(loopback);
});

test('the snippet names broker and prefix', () => {
  const text = configSnippet('127.0.0.1:1883', 'lamppost/v1', 'zh');
  expect(text).toContain('broker: "mqtt://127.0.0.1:1883", prefix: lamppost/v1');
  expect(text).toContain('language: zh');
});
