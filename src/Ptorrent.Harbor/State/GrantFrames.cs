using System.Text;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>Makes the frames that hand out leases, so that each fits: a description has at most 512 KiB, inputs 256
/// KiB; parts have 256 KiB and never meet inputs.</summary>
internal static class GrantFrames
{
    private const int InputsBytesMax = 256 * 1024;

    // Digest, size, tags and lengths of one input.
    private const int InputOverheadBytes = 64;

    /// <summary>The most indices in one lease of a job, so that its inputs fit into a frame.</summary>
    public static long LeaseIndexCountMax(JobRequest request) => request.Files.IsEmpty
        ? long.MaxValue
        : Math.Min(
            LinkLimits.InputCountMax,
            InputsBytesMax / (InputOverheadBytes + request.Files.Max(f => Encoding.UTF8.GetByteCount(f.Name))));

    /// <summary>A grant of a job's indices, without its description.</summary>
    public static Grant Map(in LeasingEffect lease, JobRequest request)
    {
        Grant grant = Merge(lease, request, lease.Range);
        if (!request.Files.IsEmpty)
        {
            for (long index = lease.Range.Begin; index < lease.Range.End; index++)
            {
                grant.Inputs.Add(request.Files[(int)index].ToFrame());
            }
        }

        return grant;
    }

    /// <summary>A grant of a group to merge, without its description and its parts.</summary>
    public static Grant Merge(in LeasingEffect lease, JobRequest request, IndexRange range) => new()
    {
        Lease = lease.Lease.Value,
        Epoch = lease.Epoch.Value,
        Job = request.Id.Value,
        Begin = range.Begin,
        End = range.End,
        FuelEstimate = lease.Estimate.Units,
    };
}
