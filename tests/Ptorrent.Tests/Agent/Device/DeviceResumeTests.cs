using System.Text;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Tests.Link;
using Xunit;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Tests.Agent.Device;

public sealed class DeviceResumeTests
{
    private static readonly JobDescription Lines = DeviceHarness.Describe(CombineKind.Lines);

    [Fact]
    public void LinkLost_CoresGoOnAndCommitsWait()
    {
        DeviceHarness device = new(slotCount: 1);
        long lease = device.Grant(Lines, 0, 100);
        device.Complete(device.Runs.Keys.First());

        device.Lose();
        device.CompleteAll();

        Assert.Single(device.Segments[lease]);
        Holding holding = Assert.Single(device.Open());
        Assert.Equal((3, SampleFrames.Job), (holding.Epoch, holding.Job));
        Assert.Equal((1, 100), (holding.Begin, holding.End));
        long resumed = device.Resume(holding, 1, 100, Lines);
        Assert.Equal(Text(1, 100), Encoding.ASCII.GetString(Assert.Single(device.Segments[resumed])));
        Assert.Equal(0, device.State.LeaseCount);
        Assert.Equal(0, device.State.HeldBytes);
    }

    [Fact]
    public void Commits_WithoutAReceipt_AreSentAgain()
    {
        DeviceHarness device = new(slotCount: 1) { CommitsAreDurableAtOnce = false };
        long lease = device.Grant(Lines, 0, 100);
        device.CompleteAll();
        Assert.Equal(100, device.Commits.Last().Upto);

        device.Lose();
        Holding holding = Assert.Single(device.Open());
        Assert.Equal((0, 100), (holding.Begin, holding.End));
        Assert.Empty(device.Runs);
        long resumed = device.Resume(holding, 0, 100, Lines);

        Assert.Empty(device.Runs);
        Assert.Equal(device.Segments[lease], device.Segments[resumed]);
        Assert.All(device.Commits.Where(c => c.Lease == resumed), c => Assert.True(c.Fuel > 0));
        while (device.Unreceived.Count > 0)
        {
            device.ReceiveOne();
        }

        Assert.Equal(0, device.State.LeaseCount);
        Assert.Equal(0, device.State.HeldBytes);
    }

    [Fact]
    public void Holdings_OfTwoLivesOfTheHarborWithTheSameId_AreBothResumed()
    {
        DeviceHarness device = new(slotCount: 1) { CommitsAreDurableAtOnce = false };
        device.Grant(Lines, 0, 100);
        long second = device.Grant(Lines, 100, 200);
        device.Lose();
        device.RestartHarbor();
        Holding[] holdings = device.Open();
        Assert.Equal([0L, 100L], holdings.Select(h => h.Begin));

        // The second is resumed under the id that the first still has; then the line breaks before the other answer.
        Assert.NotEqual(second, device.Resume(holdings[1], 100, 200, Lines));
        device.Lose();

        holdings = device.Open();
        Assert.Equal([0L, 100L], holdings.Select(h => h.Begin));
        long first = device.Resume(holdings[0], 0, 100, Lines);
        device.Cancel(holdings[1].Lease);
        device.CompleteAll();
        Assert.Equal(100, device.Commits.Last(c => c.Lease == first).Upto);
        Assert.Equal(1, device.State.LeaseCount);
    }

    [Fact]
    public void Holding_Cancelled_IsForgottenWithWhatIsUnderWay()
    {
        DeviceHarness device = new(slotCount: 1) { CommitsAreDurableAtOnce = false };
        device.Grant(Lines, 0, 100);
        device.Complete(device.Runs.Keys.First());
        device.Lose();
        Holding holding = Assert.Single(device.Open());

        device.Cancel(holding.Lease);

        Assert.Empty(device.Runs);
        Assert.Equal(0, device.State.LeaseCount);
        Assert.Equal(0, device.State.HeldBytes);
        Assert.Equal(0, device.State.CoreLeaseCount);
    }

    [Fact]
    public void Harbor_Another_EndsAllLeases()
    {
        DeviceHarness device = new(slotCount: 1);
        device.Grant(Lines, 0, 100);
        device.Lose();

        device.Open(harbor: 2);

        Assert.Empty(device.Runs);
        Assert.Equal(0, device.State.LeaseCount);
    }

    [Fact]
    public void Merge_ThatWasGranted_EndsWithItsLink()
    {
        DeviceHarness device = new();
        device.Grant(DeviceHarness.Describe(CombineKind.Merge), 0, 30, change: g =>
        {
            g.Parts.Add(new Part { Begin = 0, End = 10, Inline = Google.Protobuf.ByteString.CopyFromUtf8("left") });
            g.Parts.Add(new Part { Begin = 10, End = 30, Inline = Google.Protobuf.ByteString.CopyFromUtf8("right") });
        });

        device.Lose();

        Assert.Empty(device.Open());
        Assert.Equal(0, device.State.LeaseCount);
    }

    [Fact]
    public void Stopping_WithoutALink_DropsAllAtOnce()
    {
        DeviceHarness device = new(slotCount: 1);
        device.Grant(Lines, 0, 100);
        device.Lose();

        device.Handle(new DeviceEvent.Stopping());

        Assert.True(device.IsDrained);
        Assert.Empty(device.Runs);
        Assert.Empty(device.Open());
    }

    [Fact]
    public void Resumed_WhatTheDeviceHasNoMore_IsGivenBack()
    {
        DeviceHarness device = new(slotCount: 1);
        device.Grant(Lines, 0, 100);
        device.Lose();
        Holding holding = Assert.Single(device.Open());
        device.End(device.Runs.Keys.First(), new RunEnd(
            RunEndKind.Failed, Failure: new ModelFailure(0, TrapCode.Unreachable, "boom", Fuel.Zero)));

        device.Resume(holding, 0, 100, Lines);

        Assert.Equal(NackReason.NackNoRoom, Assert.Single(device.Nacks).Reason);
        Assert.Equal(0, device.LeaseCountAtParent);
    }

    [Fact]
    public void Offline_MoreThanMayBeHeld_IsNotComputed()
    {
        DeviceHarness device = new(slotCount: 1, new DeviceLimits { HeldBytesMax = 1000 });
        device.Grant(Lines, 0, 1_000_000);
        device.Lose();
        int count = 0;
        while (device.Runs.Count > 0 && count++ < 10_000)
        {
            device.Complete(device.Runs.Keys.First());
        }

        Assert.Empty(device.Runs);
        Assert.InRange(device.State.HeldBytes, 1001, 10_000);
        device.Resume(Assert.Single(device.Open()), 0, 1_000_000, Lines);
        Assert.NotEmpty(device.Runs);
    }

    [Fact]
    public void Upload_ThatFailed_IsBegunAgainLaterAndAfterALostLink()
    {
        DeviceHarness device = new(slotCount: 1) { UploadsAreDoneAtOnce = false };
        long lease = device.Grant(DeviceHarness.Describe(CombineKind.Concat), 0, 30_000);
        device.CompleteAll();
        Assert.NotEmpty(device.Noted.OfType<DeviceEffect.Upload>());
        device.EndUpload(isWell: false);
        Assert.Empty(device.Nacks);
        Assert.Empty(device.Noted.OfType<DeviceEffect.Upload>());
        device.Now += TimeSpan.FromSeconds(1);
        device.Handle(new DeviceEvent.TimePassed());
        Assert.NotEmpty(device.Noted.OfType<DeviceEffect.Upload>());
        device.EndUpload(isWell: false);

        device.Lose();
        device.Now += TimeSpan.FromSeconds(5);
        long resumed = device.Resume(
            Assert.Single(device.Open()), 1, 30_000, DeviceHarness.Describe(CombineKind.Concat));
        while (device.Noted.OfType<DeviceEffect.Upload>().Any())
        {
            device.EndUpload();
        }

        Assert.Equal(0, device.State.LeaseCount);
        Assert.Equal(
            Text(0, 30_000),
            Encoding.ASCII.GetString([.. device.Segments[lease].Concat(device.Segments[resumed]).SelectMany(s => s)]));
    }

    [Fact]
    public void Time_ThatJumpsByHours_OnlyMakesCommitsDue()
    {
        DeviceHarness device = new(slotCount: 1);
        long lease = device.Grant(Lines, 0, 1000);
        device.Complete(device.Runs.Keys.First());
        device.Complete(device.Runs.Keys.First());

        device.Now += TimeSpan.FromHours(9);
        device.Handle(new DeviceEvent.TimePassed());
        Assert.Equal(2, device.Segments[lease].Count);
        device.CompleteAll();

        Assert.Equal(Text(0, 1000), Encoding.ASCII.GetString(device.Product(lease, CombineKind.Lines)));
    }

    // Goal: whatever the harbor still wants of what a device held, and whatever was done of it, the bytes are those of
    // one run, and nothing is held in the end.
    // Method: leases are worked on, some commits become durable, the line breaks, work goes on for a while; then each
    // holding is resumed with a random range inside it, or cancelled; and again. What no lease committed durably at
    // last is granted anew. Both sessions hold every frame to the rules.
    [Theory]
    [InlineData(CombineKind.Lines, RunMode.Item)]
    [InlineData(CombineKind.Sum, RunMode.Item)]
    [InlineData(CombineKind.Merge, RunMode.Item)]
    public void Leases_ResumedAnyhow_GiveTheBytesOfOneRun(CombineKind combine, RunMode mode)
    {
        JobDescription description = DeviceHarness.Describe(combine, mode);
        for (ulong seed = 1; seed <= 60; seed++)
        {
            Prng prng = new(seed);
            DeviceHarness device = new(
                slotCount: 1 + (int)prng.Below(3),
                new DeviceLimits { MergePieceCountEager = 2 + (int)prng.Below(6) })
            {
                CommitsAreDurableAtOnce = prng.Below(2) == 0,
                IndexTime = TimeSpan.FromMilliseconds(0.2 * (1 + prng.Below(50))),
            };
            ResumeModel model = new(device, prng, description, combine);
            model.Play();

            Assert.Equal(0, device.State.LeaseCount);
            Assert.Equal(0, device.State.HeldBytes);
            Assert.Equal(0, device.State.CoreLeaseCount);
            Assert.Equal(DeviceHarness.SegmentOf(combine, mode, new IndexRange(0, ResumeModel.Count)), model.Product());
        }
    }

    private static string Text(int begin, int end) =>
        string.Concat(Enumerable.Range(begin, end - begin).Select(i => $"{i}\n"));
}
