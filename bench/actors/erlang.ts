/** The workload on Erlang itself, when `erl` is installed. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Contestant, Figures } from './workload.ts';

const run = promisify(execFile);
const MODULE = 'strowger_bench';

/** Prints one line of JSON with the figures. */
const PROGRAM = `
-module(${MODULE}).
-export([main/1, init/1, start_child/2]).

main(Args) ->
    [RoundTrips, Senders, Each, Spawned, Children, Restarts] = [list_to_integer(atom_to_list(A)) || A <- Args],
    Trips = rate(RoundTrips, fun() -> ping_pong(RoundTrips) end),
    FanIn = rate(Senders * Each, prepare_fan_in(Senders, Each)),
    Spawns = rate(Spawned, fun() -> spawning(Spawned) end),
    Bytes = bytes_per_process(Spawned),
    Restarting = restarting(Children, Restarts),
    io:format("{\\"roundTripsPerSecond\\":~w,\\"fanInPerSecond\\":~w,"
              "\\"spawnsPerSecond\\":~w,\\"bytesPerProcess\\":~w,"
              "\\"restartsPerSecond\\":~w}~n",
              [Trips, FanIn, Spawns, Bytes, Restarting]),
    halt(0).

rate(Count, Fun) ->
    {Micros, _} = timer:tc(Fun),
    round(Count * 1000000 / Micros).

ping_pong(N) ->
    Pong = spawn(fun pong/0),
    Me = self(),
    spawn(fun() -> ping(Pong, N), Me ! done end),
    receive done -> exit(Pong, kill) end.

pong() -> receive From -> From ! pong, pong() end.

ping(_, 0) -> ok;
ping(Pong, N) -> Pong ! self(), receive pong -> ping(Pong, N - 1) end.

prepare_fan_in(Senders, Each) ->
    Me = self(),
    Receiver = spawn(fun() -> count(Senders * Each), Me ! done end),
    Pids = [spawn(fun() -> receive go -> flood(Receiver, Each) end end)
            || _ <- lists:seq(1, Senders)],
    fun() -> [Pid ! go || Pid <- Pids], receive done -> ok end end.

count(0) -> ok;
count(N) -> receive _ -> count(N - 1) end.

flood(_, 0) -> ok;
flood(To, N) -> To ! N, flood(To, N - 1).

spawning(N) ->
    Me = self(),
    start_each(N, Me),
    await(N).

start_each(0, _) -> ok;
start_each(N, Me) ->
    spawn(fun() -> receive go -> Me ! done end end) ! go,
    start_each(N - 1, Me).

await(0) -> ok;
await(N) -> receive done -> await(N - 1) end.

bytes_per_process(N) ->
    Me = self(),
    Before = erlang:memory(processes),
    Pids = [spawn(fun() -> idle(Me) end) || _ <- lists:seq(1, N)],
    [Pid ! go || Pid <- Pids],
    await(N),
    Bytes = (erlang:memory(processes) - Before) / N,
    [exit(Pid, kill) || Pid <- Pids],
    Bytes.

idle(Me) -> receive go -> Me ! done, idle(Me) end.

restarting(Children, Restarts) ->
    logger:set_primary_config(level, none),
    Me = self(),
    {ok, Top} = supervisor:start_link(?MODULE, {Me, Children}),
    Pids = maps:from_list([receive {started, Id, Pid} -> {Id, Pid} end || Id <- lists:seq(1, Children)]),
    Rate = rate(Restarts, fun() -> kill_each(Restarts, Children, Pids) end),
    unlink(Top),
    exit(Top, kill),
    Rate.

kill_each(0, _, _) -> ok;
kill_each(N, Children, Pids) ->
    Id = (N * 7919) rem Children + 1,
    exit(maps:get(Id, Pids), kill),
    receive {started, Id, Pid} -> kill_each(N - 1, Children, Pids#{Id => Pid}) end.

init({Me, Children}) ->
    {ok, {#{intensity => 1000000, period => 3600},
          [#{id => Id, start => {?MODULE, start_child, [Me, Id]}, shutdown => brutal_kill}
           || Id <- lists:seq(1, Children)]}}.

start_child(Me, Id) ->
    Pid = spawn_link(fun() -> receive stop -> ok end end),
    Me ! {started, Id, Pid},
    {ok, Pid}.
`;

export const erlang: Contestant = {
  name: 'Erlang',
  async measure(sizes): Promise<Figures> {
    const { roundTrips, senders, messagesEach, spawned, children, restarts } = sizes;
    const directory = await mkdtemp(join(tmpdir(), 'strowger-bench-'));
    try {
      await writeFile(join(directory, `${MODULE}.erl`), PROGRAM);
      await run('erlc', [`${MODULE}.erl`], { cwd: directory });
      const given = [roundTrips, senders, messagesEach, spawned, children, restarts].map(String);
      const flags = ['-noshell', '+P', '1000000', '-s', MODULE, 'main'];
      const { stdout } = await run('erl', [...flags, ...given], { cwd: directory });
      return JSON.parse(stdout) as Figures;
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};
