using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model;
using Xunit;

namespace Ptorrent.Tests.Link;

public sealed class LinkSessionTests
{
    private readonly LinkSession _child = new(LinkSide.Child);
    private readonly LinkSession _parent = new(LinkSide.Parent);

    [Fact]
    public void Handshake_InOrder_OpensBothEnds()
    {
        Greet();

        Assert.True(_child.IsOpen);
        Assert.True(_parent.IsOpen);
        Assert.Equal("kitchen", _parent.Hello!.Name);
        Assert.Equal("home", _child.Welcome!.Name);
    }

    [Fact]
    public void Receive_FrameBeforeHandshake_IsAProtocolError()
    {
        Assert.Throws<LinkProtocolException>(() => _parent.Receive(SampleFrames.Window()));
        Assert.Throws<LinkProtocolException>(() => _child.Receive(SampleFrames.Grant()));
        Assert.Throws<LinkProtocolException>(() => _child.Receive(SampleFrames.Welcome()));
    }

    [Fact]
    public void Receive_SecondGreeting_IsAProtocolError()
    {
        Greet();

        Assert.Throws<LinkProtocolException>(() => _parent.Receive(SampleFrames.Hello()));
        Assert.Throws<LinkProtocolException>(() => _child.Receive(SampleFrames.Welcome()));
    }

    [Fact]
    public void Receive_OtherVersion_SaysBothVersionsAndWhatToDo()
    {
        Frame hello = SampleFrames.Hello();
        hello.Hello.Version = 2;

        LinkProtocolException thrown = Assert.Throws<LinkProtocolException>(() => _parent.Receive(hello));

        Assert.Contains("version 2", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("update", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Receive_FrameOfTheOtherSide_IsAProtocolError()
    {
        Greet();
        foreach ((string name, Frame frame) in SampleFrames.All())
        {
            bool isParents = name is "welcome" or "receipt" or "revoke" or "cancel"
                || name.StartsWith("grant", StringComparison.Ordinal);
            LinkSession wrong = isParents ? _parent : _child;
            Assert.Throws<LinkProtocolException>(() => wrong.Receive(frame));
        }
    }

    [Fact]
    public void Send_WhatThisEndMayNot_IsABug()
    {
        Greet();

        Assert.Throws<InvariantException>(() => _child.Send(SampleFrames.Grant()));
        Assert.Throws<InvariantException>(() => _parent.Send(SampleFrames.Commit()));
    }

    [Fact]
    public void Commit_Prefixes_EndTheLease()
    {
        Greet();
        Down(SampleFrames.Grant());

        Assert.Equal(FrameVerdict.Accepted, Up(SampleFrames.Commit(upto: 15)));
        Assert.Equal(FrameVerdict.Accepted, Up(SampleFrames.Commit(upto: 20)));

        Assert.Equal(0, _child.LeaseCount);
        Assert.Equal(0, _parent.LeaseCount);
    }

    [Theory]
    [InlineData(10, 3)] // Nothing new.
    [InlineData(21, 3)] // Beyond the end.
    [InlineData(15, 4)] // Another epoch.
    public void Commit_OfWhatWasNotGranted_IsAProtocolError(long upto, int epoch)
    {
        Greet();
        Down(SampleFrames.Grant());

        Assert.Throws<LinkProtocolException>(() => _parent.Receive(SampleFrames.Commit(upto: upto, epoch: epoch)));
    }

    [Fact]
    public void Commit_CrossesCancel_IsLate()
    {
        Greet();
        Down(SampleFrames.Grant());
        _child.Send(SampleFrames.Commit());
        _parent.Send(SampleFrames.Cancel());

        Assert.Equal(FrameVerdict.Late, _parent.Receive(SampleFrames.Commit()));
        Assert.Equal(FrameVerdict.Accepted, _child.Receive(SampleFrames.Cancel()));
        Assert.Equal(FrameVerdict.Late, _child.Send(SampleFrames.Commit(upto: 20)));
    }

    [Fact]
    public void Cancel_CrossesLastCommit_EndsWhatHasNoReceipt()
    {
        Greet();
        Down(SampleFrames.Grant());
        _parent.Send(SampleFrames.Cancel());
        _child.Send(SampleFrames.Commit(upto: 20));

        Assert.Equal(FrameVerdict.Accepted, _child.Receive(SampleFrames.Cancel()));
        Assert.Equal(FrameVerdict.Late, _parent.Receive(SampleFrames.Commit(upto: 20)));
        Assert.Equal(0, _child.LeaseCountWithoutReceipt);
        Assert.Equal(0, _parent.LeaseCountWithoutReceipt);
    }

    [Fact]
    public void Merge_CommittedInPieces_IsAProtocolError()
    {
        Greet();
        Down(SampleFrames.Grant());
        Down(SampleFrames.GrantOfParts());

        Assert.Throws<LinkProtocolException>(() => _parent.Receive(SampleFrames.Commit(lease: 9, upto: 20)));
    }

    [Fact]
    public void Grant_OfUnknownJobWithoutDescription_IsAProtocolError()
    {
        Greet();

        Assert.Throws<LinkProtocolException>(() => _child.Receive(SampleFrames.Grant(described: false)));
    }

    [Fact]
    public void Grant_OfHeldLease_IsAProtocolError()
    {
        Greet();
        Down(SampleFrames.Grant());

        Assert.Throws<LinkProtocolException>(() => _child.Receive(SampleFrames.Grant(described: false)));
    }

    // Goal: both ends know the same descriptions without a word about it.
    // Method: more jobs than are kept, granted in turn; after each grant both ends are asked for every job.
    [Fact]
    public void Grant_OfManyJobs_BothEndsForgetTheSame()
    {
        Greet();
        const int JobCount = LinkLimits.DescribedJobCountMax + 5;
        for (ulong i = 1; i <= JobCount; i++)
        {
            Down(SampleFrames.Grant(lease: (long)i, job: i));
            Down(SampleFrames.Grant(lease: (long)(100_000 + i), job: 1, described: _parent.DescriptionOf(1) is null));
        }

        for (ulong i = 1; i <= JobCount; i++)
        {
            bool kept = i == 1 || i > JobCount - (LinkLimits.DescribedJobCountMax - 1);
            Assert.Equal(kept, _child.DescriptionOf(i) is not null);
            Assert.Equal(kept, _parent.DescriptionOf(i) is not null);
        }
    }

    [Fact]
    public void Keep_AnswersRevoke_ShortensTheLease()
    {
        Greet();
        Down(SampleFrames.Grant());
        Down(SampleFrames.Revoke(from: 16));

        Assert.Equal(FrameVerdict.Accepted, Up(SampleFrames.Keep(from: 18)));
        Assert.Throws<LinkProtocolException>(() => _parent.Receive(SampleFrames.Commit(upto: 19)));
        Assert.Equal(FrameVerdict.Accepted, Up(SampleFrames.Commit(upto: 18)));
        Assert.Equal(0, _parent.LeaseCount);
    }

    [Theory]
    [InlineData(15)] // Less than what may be kept.
    [InlineData(21)] // More than was held.
    public void Keep_OutsideItsBounds_IsAProtocolError(long from)
    {
        Greet();
        Down(SampleFrames.Grant());
        Down(SampleFrames.Revoke(from: 16));

        Assert.Throws<LinkProtocolException>(() => _parent.Receive(SampleFrames.Keep(from: from)));
    }

    [Fact]
    public void Keep_Unasked_IsAProtocolError()
    {
        Greet();
        Down(SampleFrames.Grant());

        Assert.Throws<LinkProtocolException>(() => _parent.Receive(SampleFrames.Keep()));
    }

    [Fact]
    public void Nack_ProgramFailed_EndsThatLeaseAloneAndTheJobMayBeGrantedAgain()
    {
        Greet();
        Down(SampleFrames.Grant());
        Down(SampleFrames.Grant(lease: 8, described: false));

        Assert.Equal(FrameVerdict.Accepted, Up(SampleFrames.NackOfFailure()));
        Assert.Equal(FrameVerdict.Accepted, Down(SampleFrames.Grant(lease: 10, described: false)));
        Assert.Equal(2, _parent.LeaseCount);
        Assert.Equal(2, _child.LeaseCount);
    }

    [Fact]
    public void Nack_OfAnotherIndex_IsAProtocolError()
    {
        Greet();
        Down(SampleFrames.Grant());

        Assert.Throws<LinkProtocolException>(() => _parent.Receive(SampleFrames.NackOfFailure(index: 20)));
    }

    [Fact]
    public void Nack_ForAnotherReason_EndsThatLeaseAlone()
    {
        Greet();
        Down(SampleFrames.Grant());
        Down(SampleFrames.Grant(lease: 8, described: false));

        Assert.Equal(FrameVerdict.Accepted, Up(SampleFrames.Nack()));
        Assert.Equal(FrameVerdict.Late, Up(SampleFrames.Nack()));

        Assert.Equal(1, _parent.LeaseCount);
    }

    [Fact]
    public void Receipt_OfPrefixes_EndsTheLeaseWhenItHasAll()
    {
        Greet();
        Down(SampleFrames.Grant());
        Up(SampleFrames.Commit(upto: 15));
        Assert.Equal(FrameVerdict.Accepted, Down(SampleFrames.Receipt(upto: 13)));
        Up(SampleFrames.Commit(upto: 20));
        Assert.Equal((0, 1), (_child.LeaseCount, _child.LeaseCountWithoutReceipt));

        Assert.Equal(FrameVerdict.Accepted, Down(SampleFrames.Receipt(upto: 20)));
        Assert.Equal(0, _child.LeaseCountWithoutReceipt);
        Assert.Equal(0, _parent.LeaseCountWithoutReceipt);
        Assert.Equal(FrameVerdict.Late, _child.Receive(SampleFrames.Receipt(upto: 20)));
    }

    [Theory]
    [InlineData(12)] // Nothing new.
    [InlineData(16)] // More than was committed.
    public void Receipt_OutsideWhatIsCommitted_IsAProtocolError(long upto)
    {
        Greet();
        Down(SampleFrames.Grant());
        Up(SampleFrames.Commit(upto: 15));
        Down(SampleFrames.Receipt(upto: 12));

        Broken(LinkFault.PrefixOutsideLease, () => _child.Receive(SampleFrames.Receipt(upto: upto)));
    }

    [Fact]
    public void Nack_AfterCommits_StillWaitsForTheirReceipt()
    {
        Greet();
        Down(SampleFrames.Grant());
        Up(SampleFrames.Commit(upto: 15));
        Up(SampleFrames.Nack());

        Assert.Equal((0, 1), (_parent.LeaseCount, _parent.LeaseCountWithoutReceipt));
        Assert.Equal(FrameVerdict.Accepted, Down(SampleFrames.Receipt(upto: 15)));
        Assert.Equal(0, _child.LeaseCountWithoutReceipt);
    }

    [Fact]
    public void ChildsWord_OfALeaseThatItDoesNotHold_IsAProtocolError()
    {
        Greet();
        Down(SampleFrames.Grant());
        Broken(LinkFault.LeaseNotHeld, () => _parent.Receive(SampleFrames.Commit(lease: 8)));
        Broken(LinkFault.LeaseNotHeld, () => _parent.Receive(SampleFrames.Nack(lease: 8)));
        Broken(LinkFault.LeaseNotHeld, () => _parent.Receive(SampleFrames.Keep(lease: 8)));

        Up(SampleFrames.Commit(upto: 20));
        Broken(LinkFault.LeaseNotHeld, () => _parent.Receive(SampleFrames.Commit(upto: 20)));
    }

    // Goal: words about leases that were cancelled are passed over, without memory that grows with the link's age.
    [Fact]
    public void ChildsWord_OfALeaseCancelledLongAgo_IsAProtocolError()
    {
        Greet();
        for (long lease = 1; lease <= 5_000; lease++)
        {
            Down(SampleFrames.Grant(lease, described: lease == 1));
            Down(SampleFrames.Cancel(lease));
        }

        Assert.Equal(FrameVerdict.Late, _parent.Receive(SampleFrames.Commit(lease: 4_999)));
        Broken(LinkFault.LeaseNotHeld, () => _parent.Receive(SampleFrames.Commit(lease: 1)));
    }

    [Fact]
    public void Holdings_EachIsAnsweredOnce()
    {
        GreetWithHoldings();
        Assert.Equal(FrameVerdict.Accepted, Down(SampleFrames.GrantThatResumes()));
        Assert.Equal(FrameVerdict.Accepted, Down(SampleFrames.Cancel(9)));

        Assert.Equal((0, 0), (_child.HoldingCount, _parent.HoldingCount));
        Assert.Equal(1, _child.LeaseCount);
        Assert.Equal(FrameVerdict.Accepted, Up(SampleFrames.Commit(lease: 30, upto: 18)));
        Broken(
            LinkFault.HoldingMisplaced, () => _child.Receive(SampleFrames.GrantThatResumes(lease: 31, resumes: 7)));
    }

    [Theory]
    [InlineData(8, 12, 18, SampleFrames.Job)] // Not held.
    [InlineData(7, 11, 18, SampleFrames.Job)] // Begins before.
    [InlineData(7, 12, 21, SampleFrames.Job)] // Ends beyond.
    [InlineData(7, 12, 18, 5UL)] // Another job.
    public void Grant_ThatResumesWhatIsNotHeld_IsAProtocolError(long resumes, long begin, long end, ulong job)
    {
        GreetWithHoldings();

        Broken(
            LinkFault.HoldingMisplaced,
            () => _child.Receive(SampleFrames.GrantThatResumes(31, resumes, begin, end, job)));
    }

    [Fact]
    public void Holdings_BeforeAllAreAnswered_NothingElseIsGrantedOrCancelled()
    {
        GreetWithHoldings();
        Down(SampleFrames.GrantThatResumes(lease: 9));

        Broken(LinkFault.HoldingMisplaced, () => _child.Receive(SampleFrames.Grant(lease: 40)));
        Broken(LinkFault.HoldingMisplaced, () => _child.Receive(SampleFrames.Cancel(30)));

        // The id names the holding, not the new lease that has the same.
        Assert.Equal(FrameVerdict.Accepted, Down(SampleFrames.Cancel(9)));
        Assert.Equal(1, _child.LeaseCount);
        Assert.Equal(FrameVerdict.Accepted, Down(SampleFrames.Grant(lease: 40, described: false)));
    }

    [Fact]
    public void Revoke_OfAMerge_IsAProtocolError()
    {
        Greet();
        Down(SampleFrames.Grant());
        Down(SampleFrames.GrantOfParts());

        Broken(LinkFault.MergeInPieces, () => _child.Receive(SampleFrames.Revoke(lease: 9)));
    }

    private static void Broken(LinkFault fault, Func<FrameVerdict> book)
    {
        LinkProtocolException thrown = Assert.Throws<LinkProtocolException>(() => book());
        Assert.Equal(fault, thrown.Fault);
        Assert.StartsWith($"L{(int)fault:00} ", thrown.Message, StringComparison.Ordinal);
    }

    private void Greet()
    {
        Up(SampleFrames.Hello());
        Down(SampleFrames.Welcome());
    }

    private void GreetWithHoldings()
    {
        Up(SampleFrames.HelloWithHoldings());
        Down(SampleFrames.Welcome());
    }

    private FrameVerdict Up(Frame frame)
    {
        FrameVerdict sent = _child.Send(frame);
        return sent == FrameVerdict.Late ? sent : _parent.Receive(frame);
    }

    private FrameVerdict Down(Frame frame)
    {
        FrameVerdict sent = _parent.Send(frame);
        return sent == FrameVerdict.Late ? sent : _child.Receive(frame);
    }
}
