using Ptorrent.Link.Frames;
using Ptorrent.Sandbox;

namespace Ptorrent.Agent.Execution;

/// <summary>The programs that were prepared last, by all that a job says of its program. Safe for several
/// threads.</summary>
internal sealed class PreparedPrograms
{
    private const int CountMax = 32;
    private const long CodeBytesMax = 64L << 20;

    private readonly Lock _lock = new();
    private readonly LinkedList<(JobDescription Description, SandboxProgram Program)> _byUse = new();
    private long _codeBytes;

    /// <summary>A program that was prepared from an equal description; null where there is none any more.</summary>
    public SandboxProgram? Find(JobDescription description)
    {
        lock (_lock)
        {
            for (LinkedListNode<(JobDescription Description, SandboxProgram Program)>? node = _byUse.Last;
                node is not null;
                node = node.Previous)
            {
                if (node.Value.Description.Equals(description))
                {
                    _byUse.Remove(node);
                    _byUse.AddLast(node);
                    return node.Value.Program;
                }
            }

            return null;
        }
    }

    /// <summary>Keeps a program, and lets those go that were used longest ago where there are too many.</summary>
    /// <param name="description">What it was prepared from; nobody changes it any more.</param>
    /// <param name="program">The program.</param>
    public void Add(JobDescription description, SandboxProgram program)
    {
        long codeBytes = program.Load.Code.Length;
        if (codeBytes > CodeBytesMax)
        {
            return;
        }

        lock (_lock)
        {
            _byUse.AddLast((description, program));
            _codeBytes += codeBytes;
            while (_byUse.First is { } oldest && (_byUse.Count > CountMax || _codeBytes > CodeBytesMax))
            {
                _codeBytes -= oldest.Value.Program.Load.Code.Length;
                _byUse.Remove(oldest);
            }
        }
    }
}
