using System.Text.Json;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Harbor.Deliveries;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;
using Ptorrent.Work.Lines;

namespace Ptorrent.Harbor.Admission;

/// <summary>Finds out whether a job can be taken, before anything of it is stored.</summary>
internal sealed class JobAdmission(
    HarborOptions options,
    BlobStore blobs,
    ProgramCheck programs,
    HarborReader reader,
    FolderDelivery folders)
{
    private const int ReadBytes = 1 << 20;

    /// <summary>Prepares a request that was admitted before.</summary>
    public static AdmittedJob Prepare(JobRequest request, ReadOnlyMemory<byte> json) =>
        new(request, json, MerkleHasher.RootOf(json.Span), request.ToDescription());

    /// <summary>Takes a request in.</summary>
    /// <returns>The job, and whether the same was stored before.</returns>
    /// <exception cref="RefusedException">It breaks a rule.</exception>
    public async Task<(AdmittedJob Job, bool IsStored)> AdmitAsync(JobRequest request, CancellationToken stop)
    {
        ThrowIfAny(JobRequestValidator.Check(request));
        AdmittedJob job = Prepare(request, JsonSerializer.SerializeToUtf8Bytes(request, ModelJson.Default.JobRequest));
        if (reader.FindRequest(request.Id) is { } stored)
        {
            return MerkleHasher.RootOf(stored) == job.ContentDigest
                ? (job, true)
                : throw new RefusedException(HarborRefusals.OtherJobHasId(request.Id));
        }

        ThrowIfAny(CheckDescription(job));
        ThrowIfAny(CheckBlobs(request));
        ThrowIfAny(await programs.CheckAsync(request, stop));
        ThrowIfAny(await CheckLinesAsync(request.Lines, stop));
        ThrowIfAny(CheckAcceptors(request));
        return (job, false);
    }

    private static Refusal? CheckDescription(AdmittedJob job) =>
        job.Description.CalculateSize() <= LinkLimits.DescriptionBytesMax
            ? null
            : new Refusal(
                RefusalCode.TooLarge,
                "arguments",
                $"{job.Description.CalculateSize()} bytes",
                $"arguments and parameters together have at most {LinkLimits.DescriptionBytesMax} bytes",
                "Put large values into files");

    private Refusal? CheckBlobs(JobRequest request)
    {
        ProgramReference program = request.Program;
        if (CheckBlob("program", program.Name, program.Digest, program.SizeBytes) is { } refusal)
        {
            return refusal;
        }

        if (request.Lines is { File: { } lines }
            && CheckBlob("lines", lines.Name, lines.Digest, lines.SizeBytes) is { } absent)
        {
            return absent;
        }

        foreach (InputFile file in request.Files)
        {
            if (CheckBlob("files", file.Name, file.Digest, file.SizeBytes) is { } missing)
            {
                return missing;
            }
        }

        return null;
    }

    /// <summary>Counts the lines itself: leases are cut by that count.</summary>
    private async Task<Refusal?> CheckLinesAsync(InputLines? lines, CancellationToken stop)
    {
        if (lines is null)
        {
            return null;
        }

        await using VerifyingStream content = blobs.OpenRead(lines.File.Digest)
            ?? throw new RefusedException(HarborRefusals.BlobIsGone(lines.File));
        LineIndex index = new();
        byte[] buffer = new byte[ReadBytes];
        while (await content.ReadAsync(buffer, stop) is int got and > 0)
        {
            index.Append(buffer.AsSpan(0, got));
        }

        if (index.LongestBytes > LineIndex.LineBytesMax)
        {
            return LineRefusals.TooLong(lines.File.Name, index.LongestBytes);
        }

        return index.Count == lines.Count
            ? null
            : new Refusal(
                RefusalCode.InvalidValue,
                "lines",
                lines.File.Name,
                $"the file has {index.Count} lines, the job says {lines.Count}",
                string.Empty);
    }

    private Refusal? CheckBlob(string field, string name, Digest digest, long sizeBytes) => blobs.SizeOf(digest) switch
    {
        null => new Refusal(
            RefusalCode.NotFound, field, name, $"the blob {digest} is not at the harbor", "Upload it first"),
        long size when size != sizeBytes => new Refusal(
            RefusalCode.InvalidValue,
            field,
            name,
            $"the blob has {size} bytes, the job says {sizeBytes}",
            string.Empty),
        _ => null,
    };

    private Refusal? CheckAcceptors(JobRequest request)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (AcceptorRequest acceptor in request.Acceptors)
        {
            if (acceptor.Folder is { } folder && (!names.Add(folder) || folders.Exists(folder)))
            {
                return HarborRefusals.FolderTaken(folder);
            }

            if (acceptor.Webhook is { } webhook && !MayPostTo(webhook.IdnHost))
            {
                return new Refusal(
                    RefusalCode.Forbidden,
                    "webhook",
                    webhook.OriginalString,
                    $"the harbor's operator has not allowed products to be posted to the host {webhook.IdnHost}",
                    $"The operator starts the harbor with --webhook-host {webhook.IdnHost}");
            }
        }

        return null;
    }

    private bool MayPostTo(string host) =>
        options.AnyWebhookHost || options.WebhookHosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private static void ThrowIfAny(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw new RefusedException(refusal);
        }
    }
}
