const IPV4_LOOPBACK = /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/

/** Whether a host name or address (IPv6 without brackets) stays on this machine: 127.0.0.0/8, ::1, localhost. */
export function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || IPV4_LOOPBACK.test(name)
}
