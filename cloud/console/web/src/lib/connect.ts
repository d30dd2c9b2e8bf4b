// What a newcomer has to write on a gateway. Pure.

/** The broker's address as a gateway writes it: with a scheme. */
export function brokerURL(address: string): string {
  return /^[a-z]+:\/\//i.test(address) ? address : `mqtt://${address}`;
}

/** Whether only programs on the aggregator's own machine can reach the broker. */
export function isLoopback(address: string): boolean {
  const host = address
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** A complete first configuration: one particle sensor on a serial port. */
export function configSnippet(address: string, prefix: string, language: string): string {
  return `gateway: {id: my-first-gateway, language: ${language}}
uplink: {broker: "${brokerURL(address)}", prefix: ${prefix}}
journal: {dir: /var/lib/lamppost, size: 2GB}
devices:
  air: {driver: pms5003, port: /dev/ttyAMA0, every: 10s}
`;
}
