/**
 * What the `relay` bench measures against: a bare uWebSockets.js relay that speaks the protocol's packets, with no
 * accounts, no store and no processes. It accepts what it has read and hands it on; a device is whoever says so.
 * What one loop turn brings for a device goes out as one frame, the best that a relay in one thread can do.
 *
 * With the argument `frame-by-frame` it is the plain relay that one would write first: each message goes on as it
 * comes, a frame and a system call each, and its sender is told for each frame that it sent.
 *
 * As a program it prints `ready <url>`.
 */
import * as uWS from 'uWebSockets.js';
import { decodeClientFrame, splitFrames } from '../protocol/codec/frame.ts';
import { deviceId, isDeviceId, type DeviceId, type UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { subprotocol, type ClientPacket, type ServerPacket } from '../protocol/packets.ts';
import type { MessageRow } from '../protocol/rows.ts';

interface Peer {
  readonly device: DeviceId;
  /** Rows pushed so far: their numbers. */
  n: number;
  rows: MessageRow[];
  answers: ServerPacket[];
  acceptedUpTo: number;
  told: number;
  dirty: boolean;
}

type Socket = uWS.WebSocket<Peer>;

const frameByFrame = process.argv[2] === 'frame-by-frame';
const sockets = new Map<DeviceId, Socket>();
let dirty: Socket[] = [];

function touch(socket: Socket): void {
  const peer = socket.getUserData();
  if (peer.dirty) return;
  peer.dirty = true;
  if (dirty.push(socket) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  const due = dirty;
  dirty = [];
  for (const socket of due) flush(socket);
}

function flush(socket: Socket): void {
  const peer = socket.getUserData();
  peer.dirty = false;
  if (sockets.get(peer.device) !== socket) return;
  const packets = peer.answers;
  peer.answers = [];
  if (peer.acceptedUpTo > peer.told) {
    packets.push({ kind: 'accepted', upTo: peer.acceptedUpTo, at: Date.now() });
    peer.told = peer.acceptedUpTo;
  }
  if (peer.rows.length > 0) {
    packets.push({ kind: 'deliver', after: peer.n - peer.rows.length, rows: peer.rows });
    peer.rows = [];
  }
  for (const frame of splitFrames(packets)) socket.send(frame, true);
}

function say(socket: Socket, packet: ServerPacket): void {
  socket.getUserData().answers.push(packet);
  touch(socket);
}

function take(socket: Socket, packet: ClientPacket): void {
  switch (packet.kind) {
    case 'login':
      say(socket, {
        kind: 'welcome',
        ticket: new Uint8Array(1),
        ticketExpiresAt: 1,
        time: Date.now(),
        limits,
      });
      say(socket, { kind: 'state', upTo: 0, seen: 0, rev: 0, why: null, acked: 0, era: 1 });
      return;
    case 'send': {
      const peer = socket.getUserData();
      peer.acceptedUpTo = packet.seq;
      touch(socket);
      if (packet.to.kind === 'direct')
        for (const [user] of packet.to.users) relay(peer.device, packet.seq, user, packet.body);
      return;
    }
    case 'request':
      if (packet.method === 'devices')
        say(socket, {
          kind: 'reply',
          id: packet.id,
          method: 'devices',
          value: {
            users: packet.argument.users.map(user => ({ user, version: 1, devices: [] })),
          },
        });
      return;
    case 'ping':
      say(socket, { kind: 'pong', token: packet.token });
      return;
    case 'ack':
    case 'read':
      return;
    default:
      packet satisfies never;
  }
}

function relay(from: DeviceId, seq: number, user: UserId, body: Uint8Array): void {
  const socket = sockets.get(deviceId(user, 1));
  if (socket === undefined) return;
  const peer = socket.getUserData();
  peer.n++;
  peer.rows.push({
    kind: 'message',
    n: peer.n,
    from,
    seq,
    conversation: null,
    acceptedAt: Date.now(),
    body,
  });
  if (frameByFrame) flush(socket);
  else touch(socket);
}

uWS
  .App()
  .ws<Peer>('/v1/:device', {
    maxPayloadLength: limits.frameBytes,
    maxBackpressure: 64 * limits.frameBytes,
    idleTimeout: 120,
    upgrade(response, request, context) {
      const device = decodeURIComponent(request.getParameter(0) ?? '');
      if (!isDeviceId(device)) {
        response.writeStatus('404 Not Found').end();
        return;
      }
      response.upgrade<Peer>(
        {
          ...{ device, n: 0, rows: [], answers: [] },
          ...{ acceptedUpTo: 0, told: 0, dirty: false },
        },
        request.getHeader('sec-websocket-key'),
        subprotocol,
        request.getHeader('sec-websocket-extensions'),
        context,
      );
    },
    open(socket) {
      sockets.set(socket.getUserData().device, socket);
      say(socket, { kind: 'challenge', nonce: new Uint8Array(32), time: Date.now() });
    },
    message(socket, data) {
      for (const packet of decodeClientFrame(new Uint8Array(data.slice(0))))
        if (packet.kind === 'bad') throw new Error(`the load generator sent: ${packet.message}`);
        else take(socket, packet);
      if (frameByFrame) flush(socket);
    },
    close(socket) {
      sockets.delete(socket.getUserData().device);
    },
  })
  .listen('127.0.0.1', 0, listening => {
    if (listening === false) throw new Error('the raw relay found no free port');
    console.log(`ready http://127.0.0.1:${uWS.us_socket_local_port(listening)}`);
  });
