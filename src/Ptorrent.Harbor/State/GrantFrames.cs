using System.Text;
using Google.Protobuf;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>
/// Makes the frames that hand out leases. A frame has at most 1 MiB: 384 KiB are for the description, 256 KiB for inputs,
/// 512 KiB for parts (inputs and parts never meet).
/// </summary>
internal static class GrantFrames
{
    /// <summary>Bytes of a description.</summary>
    public const int DescriptionBytesMax = 384 * 1024;

    private const int InputsBytesMax = 256 * 1024;

    // Digest, size, tags and lengths of one input.
    private const int InputOverheadBytes = 64;

    /// <summary>What agents must know of a job.</summary>
    public static JobDescription Describe(JobRequest request)
    {
        JobDescription description = new()
        {
            Kind = (int)request.Program.Kind,
            Program = ToBytes(request.Program.Digest),
            ProgramBytes = request.Program.SizeBytes,
            ProgramName = request.Program.Name,
            Mode = (int)request.Mode,
            Combine = (int)request.Combine,
            FuelMax = request.Limits.FuelMax.Units,
            MemoryBytesMax = request.Limits.MemoryBytesMax,
            TimeMicrosecondsMax = (long)request.Limits.TimeMax.TotalMicroseconds,
            OutputBytesMax = request.Limits.OutputBytesMax,
            Seed = ByteString.CopyFrom(JobSeed.Of(request).AsSpan()),
        };
        description.Arguments.AddRange(request.Arguments);
        description.Parameters.AddRange(
            request.Parameters
                .OrderBy(p => p.Key, StringComparer.Ordinal)
                .Select(p => new Parameter { Key = p.Key, Value = p.Value }));
        return description;
    }

    /// <summary>The most indices in one lease of a job, so that its inputs fit into a frame.</summary>
    public static long LeaseIndexCountMax(JobRequest request) => request.Files.IsEmpty
        ? long.MaxValue
        : InputsBytesMax / (InputOverheadBytes + request.Files.Max(f => Encoding.UTF8.GetByteCount(f.Name)));

    /// <summary>A grant of indices of a job, or of a group to merge.</summary>
    /// <param name="grant">The lease.</param>
    /// <param name="request">The job.</param>
    /// <param name="range">The job's indices that it is about.</param>
    /// <param name="description">The description, if the agent does not have it.</param>
    /// <param name="withInputs">Whether the program runs, and so needs its inputs.</param>
    public static Frame Grant(
        in LeasingEffect grant,
        JobRequest request,
        IndexRange range,
        JobDescription? description,
        bool withInputs)
    {
        Grant body = new()
        {
            Lease = grant.Lease.Value,
            Epoch = grant.Epoch.Value,
            Job = request.Id.Value,
            Begin = range.Begin,
            End = range.End,
            FuelEstimate = grant.Estimate.Units,
        };
        if (description is not null)
        {
            body.Description = description;
        }

        if (withInputs && !request.Files.IsEmpty)
        {
            for (long index = range.Begin; index < range.End; index++)
            {
                InputFile file = request.Files[(int)index];
                body.Inputs.Add(new Input { Name = file.Name, Digest = ToBytes(file.Digest), SizeBytes = file.SizeBytes });
            }
        }

        return new Frame { Grant = body };
    }

    /// <summary>A cancellation of a lease.</summary>
    public static Frame Cancel(LeaseId lease) => new() { Cancel = new Cancel { Lease = lease.Value } };

    private static ByteString ToBytes(Digest digest) => UnsafeByteOperations.UnsafeWrap(digest.ToByteArray());
}
