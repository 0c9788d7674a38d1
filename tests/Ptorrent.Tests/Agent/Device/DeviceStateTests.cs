using System.Collections.Immutable;
using System.Text;
using Google.Protobuf;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Tests.Link;
using Ptorrent.Work.Combining;
using Ptorrent.Work.Leasing;
using Xunit;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Tests.Agent.Device;

public sealed class DeviceStateTests
{
    [Fact]
    public void LinkOpened_AnnouncesHalfAMinuteOfAllSlots()
    {
        DeviceHarness device = new(slotCount: 3);

        Assert.Equal(3 * 30 * (long)ComputeRate.Nominal.FuelPerSecond, device.Sent[^1].Window.Fuel);
    }

    [Fact]
    public void Granted_ProgramNotReady_RunsNothingUntilItIs()
    {
        DeviceHarness device = new() { ProgramsAreReadyAtOnce = false };
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 100);
        DeviceEffect.PrepareProgram prepare = Assert.Single(device.Noted.OfType<DeviceEffect.PrepareProgram>());
        Assert.Empty(device.Runs);

        device.Handle(new DeviceEvent.ProgramReady(prepare.Job));

        Assert.Equal(4, device.Runs.Count);
    }

    [Fact]
    public void Granted_SecondLeaseOfAJob_PreparesOnce()
    {
        DeviceHarness device = new() { ProgramsAreReadyAtOnce = false };
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 100);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 100, 200);

        Assert.Single(device.Noted.OfType<DeviceEffect.PrepareProgram>());
    }

    [Fact]
    public void Slots_AlwaysHaveTheNextRun()
    {
        DeviceHarness device = new(slotCount: 2);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 10_000);
        for (int i = 0; i < 4; i++)
        {
            device.Complete(device.Runs.Keys.First());
        }

        Assert.All(
            device.Runs.Values.GroupBy(r => r.Slot),
            s => Assert.Equal(2, s.Count()));
        Assert.Equal(4, device.Runs.Count);
    }

    [Fact]
    public void Prefix_TheJobsFirst_GoesAtOnce_TheNextWaits()
    {
        DeviceHarness device = new(slotCount: 1);
        long lease = device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 1000);
        device.Complete(device.Runs.Keys.First());
        Assert.Equal("0\n", Encoding.ASCII.GetString(Assert.Single(device.Segments[lease])));
        Assert.False(device.State.NextWakeAt < TimeSpan.FromSeconds(1)); // The leasing core looks for late cores.

        device.Complete(device.Runs.Keys.First());
        Assert.Single(device.Segments[lease]);
        Assert.Equal(TimeSpan.FromMilliseconds(100), device.State.NextWakeAt);

        device.Now = TimeSpan.FromMilliseconds(100);
        device.Handle(new DeviceEvent.TimePassed());

        Assert.Equal(2, device.Segments[lease].Count);
        Assert.False(device.State.NextWakeAt < TimeSpan.FromSeconds(1));
    }

    // Goal: a long job costs few messages, and the first seconds show something all the time.
    // Method: ten minutes of leases of a minute, on one core; commits and grants are counted.
    [Fact]
    public void Commits_OfTenMinutes_AreAtMostSixMessagesAMinute()
    {
        DeviceHarness device = new(slotCount: 1) { IndexTime = TimeSpan.FromMilliseconds(10) };
        for (int minute = 0; minute < 10; minute++)
        {
            device.Grant(
                DeviceHarness.Describe(CombineKind.Sum, RunMode.Item), minute * 6000, (minute + 1) * 6000);
        }

        int inTheFirstSecond = 0;
        while (device.Runs.Count > 0)
        {
            (long number, DeviceHarness.HarnessRun run) = device.Runs.First();
            device.Now += TimeSpan.FromMilliseconds(10) * run.Range.Count;
            if (device.State.NextWakeAt <= device.Now)
            {
                device.Handle(new DeviceEvent.TimePassed());
            }

            device.Complete(number);
            inTheFirstSecond = device.Now <= TimeSpan.FromSeconds(1) ? device.Commits.Count() : inTheFirstSecond;
        }

        Assert.Empty(device.Nacks);
        Assert.InRange(device.Commits.Count() + 10, 25, 60);
        Assert.InRange(inTheFirstSecond, 4, 10);
    }

    [Fact]
    public void LeaseEnd_IsCommittedAtOnce()
    {
        DeviceHarness device = new();
        long lease = device.Grant(DeviceHarness.Describe(CombineKind.Lines), 5, 7);

        device.CompleteAll();

        Assert.Equal("5\n6\n", Encoding.ASCII.GetString([.. device.Segments[lease].SelectMany(s => s)]));
        Assert.Equal(0, device.LeaseCountAtParent);
        Assert.Equal(0, device.State.LeaseCount);
    }

    [Fact]
    public void Commit_CarriesTheFuelAndTimeOfItsRuns()
    {
        DeviceHarness device = new();
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 5, 7);
        device.Complete(device.Runs.Keys.Last());
        Assert.Empty(device.Commits);
        device.CompleteAll();

        Commit commit = device.Sent[^1].Commit;

        Assert.Equal(2 * ComputeRate.Nominal.FuelIn(device.IndexTime).Units, commit.Fuel);
        Assert.Equal(2_000, commit.BusyMicroseconds);
        Assert.Equal(3, commit.Epoch);
    }

    // Goal: the network computes what one machine would.
    // Method: jobs of each kind; leases of random sizes; runs end in random order, some are lost; time jumps; tails are
    // revoked and granted anew. What was committed of all leases, put together, is what one run over all gives, and the
    // sessions of both ends hold every frame to the rules.
    [Theory]
    [InlineData(CombineKind.Concat, RunMode.Range)]
    [InlineData(CombineKind.Lines, RunMode.Item)]
    [InlineData(CombineKind.Files, RunMode.Item)]
    [InlineData(CombineKind.Sum, RunMode.Item)]
    [InlineData(CombineKind.Max, RunMode.Item)]
    [InlineData(CombineKind.Histogram, RunMode.Item)]
    [InlineData(CombineKind.Merge, RunMode.Range)]
    [InlineData(CombineKind.Merge, RunMode.Item)]
    public void Commits_AnySplitAndOrder_AreTheBytesOfOneRun(CombineKind combine, RunMode mode)
    {
        byte[] expected = DeviceHarness.SegmentOf(combine, mode, new IndexRange(0, 600));
        for (ulong seed = 1; seed <= 30; seed++)
        {
            Prng prng = new(seed);
            DeviceHarness device = new(
                slotCount: 1 + (int)prng.Below(4),
                new DeviceLimits { MergePieceCountEager = 2 + (int)prng.Below(6) })
            {
                CommitsAreDurableAtOnce = prng.Below(2) == 0,
                IndexTime = TimeSpan.FromMilliseconds(0.1 * (1 + prng.Below(100))),
            };
            SortedDictionary<long, long> leases = GrantAll(device, prng, DeviceHarness.Describe(combine, mode));
            WorkThrough(device, prng, leases, DeviceHarness.Describe(combine, mode));

            Assert.Equal(0, device.LeaseCountAtParent);
            Assert.Equal(0, device.State.LeaseCount);
            Assert.Equal(0, device.State.HeldBytes);
            byte[][] products =
                [.. leases.Values.Where(device.Segments.ContainsKey).Select(l => device.Product(l, combine))];
            Assert.Equal(expected, Join(combine, products));
        }
    }

    [Fact]
    public void MergeGrant_PartsFetched_IsOneMergeAndOneCommit()
    {
        DeviceHarness device = new();
        long lease = device.Grant(DeviceHarness.Describe(CombineKind.Merge), 0, 30, change: AddParts);
        DeviceEffect.FetchParts fetch = Assert.Single(device.Noted.OfType<DeviceEffect.FetchParts>());
        Assert.Equal(2, fetch.Parts.Length);

        device.Handle(new DeviceEvent.PartsReady(fetch.Lease, ["left"u8.ToArray(), "right"u8.ToArray()]));
        device.CompleteAll();

        Assert.Equal("leftright", Encoding.ASCII.GetString(Assert.Single(device.Segments[lease])));

        static void AddParts(Grant grant)
        {
            grant.Parts.Add(new Part { Begin = 0, End = 10, Inline = ByteString.CopyFromUtf8("left") });
            grant.Parts.Add(new Part { Begin = 10, End = 30, Inline = ByteString.CopyFromUtf8("right") });
        }
    }

    [Fact]
    public void Inputs_AsTheyCome_AreRunWithTheirIndices()
    {
        DeviceHarness device = new(slotCount: 4);
        device.Grant(DeviceHarness.Describe(CombineKind.Files, RunMode.Item), 10, 13, change: AddInputs);
        DeviceEffect.FetchInputs fetch = Assert.Single(device.Noted.OfType<DeviceEffect.FetchInputs>());
        Assert.Equal(["i10", "i11", "i12"], fetch.Inputs.Select(i => i.Name));
        Assert.Empty(device.Runs);

        device.Handle(new DeviceEvent.InputsReady(fetch.Lease, 12));

        DeviceHarness.HarnessRun[] runs = [.. device.Runs.Values];
        Assert.All(runs, r => Assert.Equal($"i{r.Range.Begin}", r.Lease.InputsOf(r.Range)[0].Name));
        Assert.Equal([10, 11], runs.Select(r => r.Range.Begin).Order());
        device.CompleteAll();
        device.Handle(new DeviceEvent.InputsReady(fetch.Lease, 13));
        device.CompleteAll();
        Assert.Equal(0, device.LeaseCountAtParent);

        static void AddInputs(Grant grant) =>
            grant.Inputs.Add(Enumerable.Range(10, 3).Select(
                i => new Input { Name = $"i{i}", Digest = SampleFrames.Digest((byte)i), SizeBytes = i }));
    }

    [Fact]
    public void RunFailed_NacksThatLeaseAlone()
    {
        DeviceHarness device = new(slotCount: 1);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 10);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 10, 20);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 10, job: 99);

        device.End(device.Runs.Keys.First(), new RunEnd(
            RunEndKind.Failed, Failure: new ModelFailure(0, TrapCode.Unreachable, "boom", new Fuel(7))));

        Nack nack = Assert.Single(device.Nacks);
        Assert.Equal(NackReason.NackProgramFailed, nack.Reason);
        Assert.Equal(new ModelFailure(0, TrapCode.Unreachable, "boom", new Fuel(7)), nack.Failure.ToModel());
        Assert.Equal(2, device.State.LeaseCount);
        Assert.Equal(2, device.LeaseCountAtParent);
    }

    [Fact]
    public void ProgramRefused_NacksWithLoadFailed()
    {
        DeviceHarness device = new() { ProgramsAreReadyAtOnce = false };
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 4, 10);

        device.Handle(new DeviceEvent.ProgramRefused(
            device.Noted.OfType<DeviceEffect.PrepareProgram>().Single().Job, "an import that is not offered"));

        Nack nack = Assert.Single(device.Nacks);
        Assert.Equal((int)TrapCode.LoadFailed, nack.Failure.Trap);
        Assert.Equal(4, nack.Failure.Index);
        Assert.Equal(0, device.State.LeaseCount);
    }

    [Fact]
    public void ProgramUnavailable_NacksEachLease()
    {
        DeviceHarness device = new() { ProgramsAreReadyAtOnce = false };
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 10);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 10, 20);

        device.Handle(new DeviceEvent.ProgramUnavailable(
            device.Noted.OfType<DeviceEffect.PrepareProgram>().Single().Job,
            NackReason.NackBlobUnavailable,
            "not found"));

        Assert.Equal(2, device.Nacks.Count(n => n.Reason == NackReason.NackBlobUnavailable));
        Assert.Equal(0, device.LeaseCountAtParent);
    }

    [Fact]
    public void Output_ThatCannotBeCombined_FailsTheProgram()
    {
        DeviceHarness device = new(slotCount: 1);
        device.Grant(DeviceHarness.Describe(CombineKind.Sum), 0, 10);

        device.End(device.Runs.Keys.First(), new RunEnd(
            RunEndKind.Completed, "no number"u8.ToArray(), new Fuel(1), TimeSpan.Zero));

        Assert.Equal((int)TrapCode.BadOutput, Assert.Single(device.Nacks).Failure.Trap);
    }

    [Fact]
    public void Granted_KindFromALaterVersion_IsGivenBack()
    {
        DeviceHarness device = new();
        JobDescription description = DeviceHarness.Describe(CombineKind.Lines);
        description.Kind = 44;

        device.Grant(description, 0, 10);

        Assert.Equal(NackReason.NackNoRoom, Assert.Single(device.Nacks).Reason);
    }

    [Fact]
    public void Cancelled_StopsItsRunsAlone()
    {
        DeviceHarness device = new(slotCount: 1);
        long lease = device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 10);
        long other = device.Grant(DeviceHarness.Describe(CombineKind.Lines), 10, 12);

        device.Cancel(lease);
        device.CompleteAll();

        Assert.False(device.Segments.ContainsKey(lease));
        Assert.True(device.Segments.ContainsKey(other));
        Assert.Equal(0, device.LeaseCountAtParent);
    }

    [Fact]
    public void RunLost_OnEverySlot_GivesTheLeaseBack()
    {
        DeviceHarness device = new(slotCount: 2);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 1);

        for (int i = 0; i < 2; i++)
        {
            device.End(
                Assert.Single(device.Runs).Key, new RunEnd(RunEndKind.Lost, Detail: "no executor can be started"));
        }

        Nack nack = Assert.Single(device.Nacks);
        Assert.Equal(NackReason.NackNoRoom, nack.Reason);
        Assert.Equal("no executor can be started", nack.Detail);
    }

    [Fact]
    public void Revoked_GivesBackWhatHasNotBegun()
    {
        DeviceHarness device = new(slotCount: 1);
        long lease = device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 1000);
        long begun = device.Runs.Values.Max(r => r.Range.End);

        device.Revoke(lease, 0);

        Assert.Equal(begun, device.Sent[^1].Keep.From);
        device.CompleteAll();
        Assert.Equal(0, device.LeaseCountAtParent);
    }

    [Fact]
    public void Revoked_WhileItsLastCommitIsUploaded_IsAnsweredAllTheSame()
    {
        DeviceHarness device = new(slotCount: 1) { UploadsAreDoneAtOnce = false };
        long lease = device.Grant(DeviceHarness.Describe(CombineKind.Concat), 0, 30_000);
        device.CompleteAll();
        Assert.NotEmpty(device.Noted.OfType<DeviceEffect.Upload>());

        device.Revoke(lease, 10_000);

        Assert.Equal(30_000, device.Sent[^1].Keep.From);
    }

    [Fact]
    public void Stopping_FinishesWhatRunsAndGivesBackTheRest()
    {
        DeviceHarness device = new(slotCount: 1);
        long running = device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 100);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 100, 200);

        device.Handle(new DeviceEvent.Stopping());

        Assert.Equal(0, device.Sent.Last(f => f.Window is not null).Window.Fuel);
        Assert.Equal(NackReason.NackStopping, Assert.Single(device.Nacks).Reason);
        Assert.False(device.IsDrained);
        device.CompleteAll();
        Assert.True(device.IsDrained);
        string committed = Encoding.ASCII.GetString(device.Product(running, CombineKind.Lines));
        Assert.StartsWith("0\n", committed, StringComparison.Ordinal);
        Assert.Equal(0, device.LeaseCountAtParent);
        device.Grant(DeviceHarness.Describe(CombineKind.Lines), 200, 300);
        Assert.Empty(device.Runs);
        Assert.Equal(0, device.LeaseCountAtParent);
    }

    [Fact]
    public void Harbor_TooFarBehind_HoldsUpTheCores()
    {
        DeviceHarness device = new(slotCount: 1, new DeviceLimits { HeldBytesMax = 1000, CommitBytesEager = 1 })
        {
            CommitsAreDurableAtOnce = false,
        };
        device.Grant(DeviceHarness.Describe(CombineKind.Concat), 0, 100_000);
        int count = 0;
        while (device.Runs.Count > 0 && count < 1000)
        {
            device.Complete(device.Runs.Keys.First());
            count++;
        }

        Assert.Empty(device.Runs);
        Assert.InRange(device.State.HeldBytes, 1001, 1_000_000);

        while (device.Unreceived.Count > 0)
        {
            device.ReceiveOne();
        }

        Assert.NotEmpty(device.Runs);
    }

    [Fact]
    public void Jobs_WithoutLeases_AreForgottenOldestFirst()
    {
        DeviceHarness device = new(slotCount: 1, new DeviceLimits { IdleJobCountMax = 2 });
        for (ulong job = 1; job <= 4; job++)
        {
            device.Grant(DeviceHarness.Describe(CombineKind.Lines), 0, 1, job);
            device.CompleteAll();
        }

        Assert.Equal([1UL, 2UL], device.Noted.OfType<DeviceEffect.ForgetProgram>().Select(f => f.Job.Value));
    }

    private static SortedDictionary<long, long> GrantAll(DeviceHarness device, Prng prng, JobDescription description)
    {
        SortedDictionary<long, long> leases = [];
        for (long begin = 0; begin < 600;)
        {
            long end = Math.Min(600, begin + 1 + prng.Below(200));
            leases.Add(begin, device.Grant(description, begin, end));
            begin = end;
        }

        return leases;
    }

    private static void WorkThrough(
        DeviceHarness device,
        Prng prng,
        SortedDictionary<long, long> leases,
        JobDescription description)
    {
        while (device.Runs.Count > 0 || device.Unreceived.Count > 0)
        {
            device.Now += TimeSpan.FromMilliseconds(prng.Below(60));
            long[] runs = [.. device.Runs.Keys.Order()];
            long? run = runs.Length > 0 ? runs[prng.Below(runs.Length)] : null;
            switch (prng.Below(12))
            {
                case 0:
                    device.Handle(new DeviceEvent.TimePassed());
                    break;
                case 1 when leases.Count < 40:
                    RevokeOne(device, prng, leases, description);
                    break;
                case 2 or 3 when device.Unreceived.Count > 0:
                    device.ReceiveOne();
                    break;
                default:
                    if (run is { } some)
                    {
                        device.Complete(some);
                    }
                    else if (device.Unreceived.Count > 0)
                    {
                        device.ReceiveOne();
                    }

                    break;
            }
        }
    }

    private static void RevokeOne(
        DeviceHarness device,
        Prng prng,
        SortedDictionary<long, long> leases,
        JobDescription description)
    {
        long[] begins = [.. leases.Keys];
        int at = (int)prng.Below(begins.Length);
        long end = at + 1 < begins.Length ? begins[at + 1] : 600;
        int sent = device.Sent.Count;
        device.Revoke(leases[begins[at]], begins[at] + prng.Below(end - begins[at]));
        if (device.Sent.Skip(sent).FirstOrDefault(f => f.Keep is not null) is { } answer && answer.Keep.From < end)
        {
            // A lease that was given back whole has nothing; its indices go to the new one under the same key.
            leases[answer.Keep.From] = device.Grant(description, answer.Keep.From, end);
        }
    }

    private static byte[] Join(CombineKind combine, byte[][] segments)
    {
        if (combine == CombineKind.Merge)
        {
            return [.. segments.SelectMany(s => s)];
        }

        SegmentCombiner combiner = new(combine);
        foreach (byte[] segment in segments)
        {
            combiner.AppendSegment(segment);
        }

        return combiner.ToSegment().ToArray();
    }
}
