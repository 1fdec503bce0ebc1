/** A person's initials on the person's colour; the same everywhere, and grey for who has none. The name is said by what stands beside it. */
export function Avatar({ of, size }: { of: { initials?: string; colour?: number; name?: string }; size?: number }) {
  const initials = of.initials || (of.name ?? '').split(/\s+/).map(word => word[0] ?? '').join('').slice(0, 2).toUpperCase();
  return <span className="avatar" data-person={of.colour === undefined ? undefined : of.colour % 10} style={size ? { width: size, height: size } : undefined} aria-hidden="true">{initials}</span>;
}
