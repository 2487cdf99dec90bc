/** Whether a page of this host (location.hostname) can be opened on this computer alone (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3). */
export const isLoopback = (host: string): boolean => /^(.+\.)?localhost\.?$|^127(\.\d+){3}$|^\[::1\]$/i.test(host);
