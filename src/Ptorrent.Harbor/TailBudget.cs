namespace Ptorrent.Harbor;

/// <summary>The memory that all jobs' <see cref="SegmentTail"/> share. For any number of threads.</summary>
/// <param name="bytesMax">How many bytes.</param>
internal sealed class TailBudget(long bytesMax)
{
    private long _taken;

    /// <summary>Takes bytes if that many are left.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= bytesMax)
        {
            return true;
        }

        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    /// <summary>Gives bytes back that were taken.</summary>
    public void GiveBack(int bytes) => Interlocked.Add(ref _taken, -bytes);
}
