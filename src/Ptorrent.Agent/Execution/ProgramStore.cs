using Ptorrent.Agent.Blobs;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Sandbox;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;

namespace Ptorrent.Agent.Execution;

/// <summary>
/// The programs of the jobs that the device knows, fetched, checked and metered once, and the jobs' lines. Programs
/// that were prepared last are kept, so that the next job with the same description begins at once. Its methods are
/// called by one thread.
/// </summary>
internal sealed class ProgramStore(
    ExecutorSandbox sandbox,
    BlobSource blobs,
    TaskGroup tasks,
    Func<DeviceEvent, ValueTask> tell) : IDisposable
{
    private readonly Dictionary<JobId, Entry> _programs = [];
    private readonly PreparedPrograms _prepared = new();

    /// <summary>Begins to fetch and check a program, and tells how that ends.</summary>
    /// <returns>True where it is ready already; then nothing is told.</returns>
    public bool Prepare(JobId job, JobDescription description)
    {
        Entry entry = new() { Program = _prepared.Find(description)?.ForAnotherJob() };
        Invariant.Holds(_programs.TryAdd(job, entry));
        if (entry.Program is not null && description.Lines is null)
        {
            return true;
        }

        tasks.Start(() => PrepareAsync(job, description, entry));
        return false;
    }

    /// <summary>Lets a program go; runs that have it keep it to their end.</summary>
    public void Forget(JobId job)
    {
        if (_programs.Remove(job, out Entry? entry))
        {
            entry.Dispose();
        }
    }

    /// <summary>A program that is ready.</summary>
    public ReadyProgram Get(JobId job)
    {
        Entry entry = _programs[job];
        Invariant.Holds(entry.Program is not null);
        return new ReadyProgram(entry.Program, entry.Lines);
    }

    public void Dispose()
    {
        foreach (Entry entry in _programs.Values)
        {
            entry.Dispose();
        }

        _programs.Clear();
    }

    private async Task PrepareAsync(JobId job, JobDescription description, Entry entry)
    {
        CancellationToken stop = entry.Stop;
        DeviceEvent outcome;
        try
        {
            entry.Program ??= await PrepareAsync(description, stop);
            if (description.Lines is { } lines)
            {
                entry.Keep(await JobLines.OpenAsync(blobs, lines, stop));
            }

            outcome = new DeviceEvent.ProgramReady(job);
        }
        catch (BlobUnavailableException exception)
        {
            outcome = new DeviceEvent.ProgramUnavailable(job, exception.ToNackReason(), exception.Message);
        }
        catch (RefusedException exception) when (IsOfThisDevice(exception.Refusal.Code))
        {
            outcome = new DeviceEvent.ProgramUnavailable(job, NackReason.NackNoRoom, exception.Message);
        }
        catch (RefusedException exception)
        {
            outcome = new DeviceEvent.ProgramRefused(job, exception.Message);
        }

        if (!stop.IsCancellationRequested)
        {
            await tell(outcome);
        }
    }

    private async Task<SandboxProgram> PrepareAsync(JobDescription description, CancellationToken stop)
    {
        using BlobBytes code = await blobs.ReadAsync(description.Program.ToDigest(), description.ProgramBytes, stop);
        SandboxProgram program = sandbox.Prepare(LoadOf(description, code.Content.ToArray()));
        _prepared.Add(description, program);
        return program;
    }

    private static ProgramLoad LoadOf(JobDescription description, byte[] code) => new()
    {
        Kind = (ProgramKind)description.Kind,
        Mode = (RunMode)description.Mode,
        Combine = (CombineKind)description.Combine,
        TopCount = description.TopCount,
        Name = description.ProgramName,
        Code = code,
        Arguments = [.. description.Arguments],
        Parameters = description.ToParameters(),
        Limits = description.ToLimits(),
        Seed = description.Seed.ToByteArray(),
    };

    private static bool IsOfThisDevice(RefusalCode code) =>
        code is RefusalCode.TooMuchMemory or RefusalCode.NoSpace or RefusalCode.Busy;

    private sealed class Entry : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private SandboxProgram? _program;
        private JobLines? _lines;
        private bool _isDisposed;

        public Entry() => Stop = _stop.Token;

        public CancellationToken Stop { get; }

        public SandboxProgram? Program
        {
            get => Volatile.Read(ref _program);
            set => Volatile.Write(ref _program, value);
        }

        public JobLines? Lines => Volatile.Read(ref _lines);

        /// <summary>Takes the job's lines over; they are put away with this.</summary>
        public void Keep(JobLines lines)
        {
            Volatile.Write(ref _lines, lines);
            if (Volatile.Read(ref _isDisposed))
            {
                lines.Dispose();
            }
        }

        public void Dispose()
        {
            _stop.Cancel();
            _stop.Dispose();
            Volatile.Write(ref _isDisposed, true);
            Lines?.Dispose();
        }
    }
}
