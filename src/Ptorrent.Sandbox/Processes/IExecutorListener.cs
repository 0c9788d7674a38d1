using Ptorrent.Sandbox.Frames;

namespace Ptorrent.Sandbox.Processes;

/// <summary>The slot that a process works for. Called by the process's reader, one call at a time.</summary>
internal interface IExecutorListener
{
    /// <summary>The longest body of a DONE, in bytes, as the run at the head allows it.</summary>
    long DoneBytesMax(ExecutorProcess process);

    /// <summary>A frame came.</summary>
    /// <exception cref="FrameException">It is none that may come now.</exception>
    void OnFrame(ExecutorProcess process, ExecutorFrame frame);

    /// <summary>Nothing more will come.</summary>
    void OnEnded(ExecutorProcess process, ExecutorEnd end);
}
