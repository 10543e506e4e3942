/** Login: an Ed25519 signature over the challenge, or a resume ticket. */
import { self } from '../../actors/index.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { loginBytes } from '../../protocol/signing.ts';
import type { Login, WireLimits } from '../../protocol/packets.ts';
import type { Account } from '../../storage/accounts/contract.ts';
import type { ServerLimits } from '../config/config.ts';
import { accountOf } from '../directory/tables.ts';
import { enter } from '../sessions/enter.ts';
import { closeWith, sayError, sayWithNext, toGateway } from '../sessions/outgoing.ts';
import type { Remembered, SessionState } from '../sessions/state.ts';

export function login(state: SessionState, packet: Login): void {
  if (state.phase !== 'challenged') {
    if (state.challengedAgain) return;
    sayError(state, 'bad_field', {
      field: 'kind',
      message: 'This connection is logged in already.',
    });
    return;
  }
  if (!state.opening.mayLogIn || !state.services.mayLogIn(state.device)) {
    closeWith(state, 'too_many_logins');
    return;
  }
  state.phase = 'checking';
  const known = accountOf(state.user);
  if (known !== undefined) {
    check(state, packet, known);
    return;
  }
  state.home.submit(
    { kind: 'account', user: state.user },
    (account, state) => {
      if (state.phase === 'checking') check(state, packet, account);
    },
    state => {
      closeWith(state, 'internal');
    },
  );
}

function check(state: SessionState, packet: Login, account: Account | null): void {
  const info = account?.devices.find(({ device }) => device === state.device);
  if (info === undefined) {
    const removed = account?.removed.includes(state.device) === true;
    closeWith(state, removed ? 'device_removed' : 'unknown_device');
    return;
  }
  if (!isProved(state, packet, info.key)) {
    state.services.metrics.loginsFailed.inc();
    closeWith(state, 'login_failed');
    return;
  }
  const { services, opening, device } = state;
  const now = Date.now();
  const { ticket, expiresAt } = services.tickets.issue(device, now);
  // `state` follows when the store has told it.
  sayWithNext(state, {
    kind: 'welcome',
    ticket,
    ticketExpiresAt: expiresAt,
    time: now,
    limits: wireLimits(services.limits),
  });
  services.metrics.logins.inc({ proof: packet.proof.kind });
  const remembered: Remembered = { roles: packet.roles };
  toGateway(state, {
    kind: 'remember',
    connection: opening.connection,
    session: self(),
    state: remembered,
  });
  enter(state, packet.roles);
}

function isProved({ services, device, nonce }: SessionState, packet: Login, key: Uint8Array) {
  const { proof, roles } = packet;
  switch (proof.kind) {
    case 'signature':
      return nodeCrypto.verify(key, loginBytes(device, roles, nonce), proof.signature);
    case 'ticket':
      return services.tickets.isValid(device, proof.ticket, Date.now());
  }
}

/** Those of the server's limits that a client must keep to. */
const wireLimits = ({
  packetBytes,
  frameBytes,
  bodyBytes,
  unacceptedSends,
  unackedRows,
  openRequests,
  idleTimeoutMs,
}: ServerLimits): WireLimits => ({
  packetBytes,
  frameBytes,
  bodyBytes,
  unacceptedSends,
  unackedRows,
  openRequests,
  idleTimeoutMs,
});
