/** Exit reasons, for the command that shows them: it stands above the server and knows no runtime of its own. */
export { describeReason, type ExitReason } from '../../actors/index.ts';
