using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Nodes;

namespace Ptorrent.Simulation;

/// <summary>What breaks while faults are on, each kind in its own rhythm, and how all of it is put right.</summary>
internal sealed class Faults(World world, Dice dice)
{
    /// <summary>Arranges what the options say.</summary>
    public void Start()
    {
        WorldOptions options = world.Options;
        Every(options.BreakEvery, () => AnyAgent().Wire?.Break());
        Every(options.CutEvery, Cut);
        Every(options.PartitionEvery, Partition);
        Every(options.CrashEvery, CrashHarbor);
        Every(options.FullEvery, FillDisk);
        Every(options.ClockJumpEvery, JumpClock);
        Every(options.RotEvery, TurnBit);
        foreach (AgentNode agent in world.Agents)
        {
            if (TroubleOf(agent) is { } trouble)
            {
                Every(agent.Options.TroubleEvery, () =>
                {
                    if (agent.IsUp)
                    {
                        trouble();
                    }
                });
            }
        }
    }

    /// <summary>Puts everything right: the harbor runs and has room, the agents that mean well run, are awake and reach
    /// it, the others are gone for good.</summary>
    public void Heal()
    {
        world.Harbor.Disk.IsFull = false;
        if (!world.Harbor.IsUp)
        {
            world.Harbor.Start();
        }

        foreach (AgentNode agent in world.Agents)
        {
            agent.IsCutOff = false;
            agent.OwnerShare = 1;
            agent.Wake();
            if (!agent.Options.StaysForGood)
            {
                agent.Kill(powerFails: true);
                continue;
            }

            agent.Wire?.Cut(fromChild: true, TimeSpan.Zero);
            agent.Wire?.Cut(fromChild: false, TimeSpan.Zero);
            if (agent.HasRefused)
            {
                // It gets no more of that job on this link, and the others may be gone.
                agent.Kill(powerFails: false);
            }

            if (!agent.IsUp)
            {
                agent.Start();
            }
        }
    }

    private void Every(TimeSpan? mean, Action fault)
    {
        if (mean is not { } time)
        {
            return;
        }

        world.Schedule.After(dice.Wait(time), () =>
        {
            if (world.IsFaulty)
            {
                fault();
                Every(mean, fault);
            }
        });
    }

    /// <summary>Ends a fault, unless everything was put right meanwhile.</summary>
    private void Later(double secondsLeast, double secondsMost, Action end) =>
        world.Schedule.After(
            TimeSpan.FromSeconds(dice.BetweenMagnitudes(secondsLeast, secondsMost)),
            () =>
            {
                if (world.IsFaulty)
                {
                    end();
                }
            });

    private AgentNode AnyAgent() => world.Agents[dice.Between(0, world.Agents.Length - 1)];

    private Action? TroubleOf(AgentNode agent) => agent.Options.Temperament switch
    {
        Temperament.Slow => () =>
        {
            agent.OwnerShare = dice.Between(0.2, 0.6);
            Later(0.5, 30, () => agent.OwnerShare = 1);
        },
        Temperament.Vanishing => () =>
        {
            agent.Kill(powerFails: dice.Happens(0.5));
            Later(0.1, 30, () =>
            {
                if (!agent.IsUp)
                {
                    agent.Start();
                }
            });
        },
        Temperament.Sleeping => () =>
        {
            agent.FallAsleep();
            if (dice.Happens(0.3))
            {
                agent.Wire?.Break();
            }

            Later(0.5, 120, agent.Wake);
        },
        Temperament.Flapping or Temperament.Claiming => () => agent.Wire?.Break(),
        Temperament.Replaying => () =>
        {
            if (agent.Mischief.Replay(dice) is { } commit)
            {
                agent.Process?.Link?.SendRaw(commit);
            }
        },
        Temperament.Hostile => () => agent.Process?.Link?.SendRaw(Mischief.Nonsense(dice)),
        _ => null,
    };

    private void Cut()
    {
        TimeSpan until = world.Schedule.Now + TimeSpan.FromSeconds(dice.BetweenMagnitudes(0.1, 20));
        AnyAgent().Wire?.Cut(dice.Happens(0.5), until);
    }

    private void Partition()
    {
        AgentNode agent = AnyAgent();
        agent.IsCutOff = true;
        agent.Wire?.Break();
        Later(0.5, 20, () => agent.IsCutOff = false);
    }

    private void CrashHarbor()
    {
        if (!world.Harbor.IsUp)
        {
            return;
        }

        world.Count("harbor crashes");
        world.Harbor.Crash();

        // Most systems say at once that a process is gone; some lines only go silent.
        world.BreakAllWires(
            () => dice.Happens(0.8) ? world.Options.Network.DelayMin : world.Options.Network.NoticeTimeMax);
        Later(0.05, 10, () =>
        {
            if (!world.Harbor.IsUp)
            {
                world.Harbor.Start();
            }
        });
    }

    private void FillDisk()
    {
        world.Count("times of a full disk");
        world.Harbor.Disk.IsFull = true;
        Later(0.1, 10, () => world.Harbor.Disk.IsFull = false);
    }

    private void TurnBit()
    {
        if (world.Harbor.Disk.TurnBit(dice, job => world.ScriptOf(job).Request.Combine))
        {
            world.Count("bits turned on the disk");
        }
    }

    private void JumpClock()
    {
        double seconds = dice.BetweenMagnitudes(0.1, 100_000);
        world.Harbor.ClockOffset += TimeSpan.FromSeconds(dice.Happens(0.5) ? seconds : -seconds);
    }
}
