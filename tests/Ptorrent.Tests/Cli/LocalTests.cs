using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Local;
using Xunit;

namespace Ptorrent.Tests.Cli;

public sealed class LocalTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void RunSizer_BeforeAnythingIsKnown_TakesOneIndex() => Assert.Equal(1, new RunSizer(1000).Next());

    [Fact]
    public void RunSizer_CheapIndices_GrowsStepByStepUntilARunTakesItsTime()
    {
        RunSizer sizer = new(long.MaxValue);
        long last = 0;
        for (int i = 0; i < 30; i++)
        {
            long count = sizer.Next();
            Assert.InRange(count, 1, Math.Max(1, last * 8));
            last = Math.Max(last, count);
            sizer.Observe(count, TimeSpan.FromMicroseconds(count), 0);
        }

        Assert.InRange(sizer.Next(), 25_000, 35_000);
    }

    [Fact]
    public void RunSizer_LargeOutputs_BoundsTheirBytes()
    {
        RunSizer sizer = new(long.MaxValue);
        for (int i = 0; i < 30; i++)
        {
            long count = sizer.Next();
            sizer.Observe(count, TimeSpan.FromMicroseconds(1), count * (1 << 20));
        }

        Assert.InRange(sizer.Next(), 1, 32);
    }

    [Fact]
    public void RunSizer_DearIndex_TakesOneAtATime()
    {
        RunSizer sizer = new(long.MaxValue);
        sizer.Observe(1, TimeSpan.FromSeconds(10), 5);
        Assert.Equal(1, sizer.Next());
    }

    [Fact]
    public async Task Together_OneFails_TheOthersAreStoppedAndItIsThrown()
    {
        TaskCompletionSource stopped = new();
        InvalidOperationException thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => Together.RunAsync(
            [
                async token =>
                {
                    await using CancellationTokenRegistration registration = token.Register(stopped.SetResult);
                    await Task.Delay(Timeout.Infinite, token);
                },
                _ => throw new InvalidOperationException("first"),
            ],
            unless: null,
            Stop));
        Assert.Equal("first", thrown.Message);
        Assert.True(stopped.Task.IsCompleted);
    }

    [Fact]
    public async Task Together_GuardFails_StopsTheWorks()
    {
        TaskCompletionSource guard = new();
        Task running = Together.RunAsync([token => Task.Delay(Timeout.Infinite, token)], guard.Task, Stop);
        guard.SetException(new InvalidOperationException("guard"));
        Assert.Equal("guard", (await Assert.ThrowsAsync<InvalidOperationException>(() => running)).Message);
    }

    [Fact]
    public async Task Together_AllEnd_LeavesTheGuardAlone()
    {
        TaskCompletionSource guard = new();
        int ran = 0;
        await Together.RunAsync(
            Enumerable.Repeat<Func<CancellationToken, Task>>(
                _ => Task.FromResult(Interlocked.Increment(ref ran)), 3),
            guard.Task,
            Stop);
        Assert.Equal(3, ran);
    }

    [Fact]
    public async Task Together_Stopped_ThrowsCancelled()
    {
        using CancellationTokenSource stop = new();
        Task running = Together.RunAsync([token => Task.Delay(Timeout.Infinite, token)], unless: null, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public void TemporaryHome_LeftByADeadCommand_IsClearedByTheNext()
    {
        DirectoryInfo left = Directory.CreateTempSubdirectory("ptorrent-home-");
        File.WriteAllText(Path.Combine(left.FullName, "in-use"), string.Empty);
        using TemporaryHome living = TemporaryHome.Create();
        Assert.False(left.Exists && Directory.Exists(left.FullName));
        using TemporaryHome next = TemporaryHome.Create();
        Assert.True(Directory.Exists(living.Path));
    }
}
