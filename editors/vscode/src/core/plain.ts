/**
 * A message without links. Notices of the editor make links of `[text](address)`, and an address may be a command of
 * the editor; what Coq, a server, or a file's name says shall be read, not clicked.
 */
export function plain(message: string): string {
  return message.replace(/\](?=\()/g, "] ");
}
