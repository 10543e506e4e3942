/** Text as HTML shows it, also within quotes. */
export const escapeText = (text: string): string =>
  text.replaceAll(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
