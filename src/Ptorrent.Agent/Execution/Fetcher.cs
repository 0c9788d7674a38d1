using System.Collections.Immutable;
using Ptorrent.Agent.Blobs;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Agent.Execution;

/// <summary>Brings what leases need from the harbor, and tells how far it is here. Safe for several threads.</summary>
internal sealed class Fetcher(BlobSource blobs, Func<DeviceEvent, ValueTask> tell)
{
    /// <summary>All parts of one merge together, in bytes: they are in memory at once, and go to an executor in one
    /// frame.</summary>
    private const long PartsBytesMax = 256L << 20;

    /// <summary>Fetches inputs side by side; tells of each prefix that is here. They stay here until the lease is
    /// dropped, which cancels the token, or a run has read them.</summary>
    public async Task FetchInputsAsync(DeviceEffect.FetchInputs fetch, CancellationToken cancellationToken)
    {
        Task[] fetches = [.. fetch.Inputs.Select(i => HoldAsync(i, cancellationToken))];
        try
        {
            int count = 0;
            while (count < fetches.Length)
            {
                await fetches[count];
                do
                {
                    count++;
                }
                while (count < fetches.Length && fetches[count].IsCompletedSuccessfully);

                await tell(new DeviceEvent.InputsReady(fetch.Lease, fetch.Begin + count));
            }
        }
        catch (BlobUnavailableException exception)
        {
            await TellImpossibleAsync(fetch.Lease, exception.ToNackReason(), exception.Message);
        }
        finally
        {
            // The others' ends are of no interest any more, but they are awaited.
            await Task.WhenAll(fetches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Fetches the parts of a merge that are not in its grant; tells when all are here.</summary>
    public async Task FetchPartsAsync(DeviceEffect.FetchParts fetch, CancellationToken cancellationToken)
    {
        long bytes = fetch.Parts.Sum(p => p.ContentCase == Part.ContentOneofCase.Inline ? p.Inline.Length : 0)
            + (long)fetch.Parts
                .Where(p => p.Blob is not null)
                .Aggregate(Int128.Zero, (sum, p) => Int128.Min(sum + p.Blob.SizeBytes, PartsBytesMax + 1));
        if (bytes > PartsBytesMax)
        {
            await TellImpossibleAsync(
                fetch.Lease, NackReason.NackNoRoom, $"The parts of a merge have more than {PartsBytesMax} bytes.");
            return;
        }

        try
        {
            ImmutableArray<ReadOnlyMemory<byte>>.Builder parts =
                ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(fetch.Parts.Length);
            foreach (Part part in fetch.Parts)
            {
                parts.Add(part.ContentCase == Part.ContentOneofCase.Inline
                    ? part.Inline.Memory
                    : await blobs.FetchOnceAsync(part.Blob.Digest.ToDigest(), part.Blob.SizeBytes, cancellationToken));
            }

            await tell(new DeviceEvent.PartsReady(fetch.Lease, parts.MoveToImmutable()));
        }
        catch (BlobUnavailableException exception)
        {
            await TellImpossibleAsync(fetch.Lease, exception.ToNackReason(), exception.Message);
        }
    }

    private async Task HoldAsync(InputFile input, CancellationToken cancellationToken)
    {
        BlobHold hold = await blobs.PrefetchAsync(input.Digest, input.SizeBytes, cancellationToken);
        cancellationToken.Register(hold.Dispose);
    }

    private ValueTask TellImpossibleAsync(LeaseNumber lease, NackReason reason, string detail) =>
        tell(new DeviceEvent.LeaseImpossible(lease, reason, detail));
}
