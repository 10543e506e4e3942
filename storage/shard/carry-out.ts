/** From a command's kind to the function that carries it out. */
import {
  addDevice,
  readAccount,
  register,
  removeDevice,
  setBlocked,
} from '../accounts/accounts.ts';
import { putGroup, readGroup } from '../groups/groups.ts';
import { makeInvite, useInvite } from '../invites/invites.ts';
import { applyLink, readLink, trimLink } from '../links/apply.ts';
import { acknowledge } from '../mailboxes/acknowledge.ts';
import { decide, deviceState } from '../mailboxes/decide.ts';
import { expire } from '../mailboxes/expire.ts';
import { readRows } from '../mailboxes/read-rows.ts';
import { memberReceipts } from '../receipts/member-receipts.ts';
import type { Command, CommandKind, OutcomeOf } from './contract.ts';
import type { Work } from './work.ts';

export function carryOut(work: Work, era: number, command: Command): OutcomeOf<CommandKind> {
  switch (command.kind) {
    case 'decide':
      return decide(work, era, command);
    case 'acknowledge':
      return acknowledge(work, command.device, command.upTo);
    case 'state':
      return deviceState(work, era, command.device);
    case 'read_rows':
      return readRows(work, command);
    case 'expire':
      return expire(work, command);
    case 'read_link':
      return readLink(work, command);
    case 'apply_link':
      return applyLink(work, command);
    case 'trim_link':
      return trimLink(work, command);
    case 'member_receipts':
      return memberReceipts(work, command);
    case 'account':
      return readAccount(work, command.user);
    case 'register':
      return register(work, command);
    case 'add_device':
      return addDevice(work, command);
    case 'remove_device':
      return removeDevice(work, command);
    case 'set_blocked':
      return setBlocked(work, command);
    case 'make_invite':
      return makeInvite(work, command);
    case 'use_invite':
      return useInvite(work, command);
    case 'group':
      return readGroup(work, command.group);
    case 'put_group':
      return putGroup(work, command);
    default:
      return command satisfies never;
  }
}
