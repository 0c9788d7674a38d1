using System.IO.Pipelines;
using System.Security.Cryptography;
using Ptorrent.Harbor.Products;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Segments;

namespace Ptorrent.Harbor.Deliveries;

/// <summary>
/// Puts a product into a new folder: the files of a job that makes files, otherwise one file <c>product</c>. It is
/// written under a temporary name, synced and renamed, so a folder that has its name is whole.
/// </summary>
internal sealed class FolderDelivery
{
    /// <summary>The file that holds a product which is not files.</summary>
    public const string ProductFileName = "product";

    // Names of deliveries have no leading dot, so nobody's folder is taken for one of these.
    private const string TemporaryPrefix = ".incoming-";

    private readonly string _folder;
    private readonly ProductReader _products;

    /// <summary>Makes the folder of deliveries below the harbor's home, and removes what an earlier life left half
    /// done.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public FolderDelivery(string home, ProductReader products)
    {
        _folder = Path.Combine(home, "deliveries");
        _products = products;
        DurableFiles.MakeFolder(_folder);
        foreach (string leftover in Directory.GetDirectories(_folder, TemporaryPrefix + "*"))
        {
            Directory.Delete(leftover, recursive: true);
        }
    }

    /// <summary>Whether a name is taken.</summary>
    public bool Exists(string name) => Path.Exists(Path.Combine(_folder, name));

    /// <summary>Delivers.</summary>
    /// <returns>Null where the folder is there now, otherwise why not.</returns>
    public async Task<string?> DeliverAsync(JobRequest job, string name, CancellationToken stop)
    {
        string target = Path.Combine(_folder, name);
        if (Path.Exists(target))
        {
            // The name was free when the job came and is kept for it since: this is the job's own delivery, of which
            // only the note was lost when the harbor stopped.
            return null;
        }

        string temporary =
            Path.Combine(_folder, TemporaryPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        DurableFiles.MakeFolder(temporary);
        try
        {
            if (job.Combine == CombineKind.Files)
            {
                await WriteEntriesAsync(job, temporary, stop);
            }
            else
            {
                await using FileStream file = DurableFiles.Create(Path.Combine(temporary, ProductFileName));
                await _products.WriteAsync(job, file, stop);
                file.Flush(flushToDisk: true);
            }

            DurableFiles.SyncFolder(temporary);
            Directory.Move(temporary, target);
            DurableFiles.SyncFolder(_folder);
            return null;
        }
        catch (SegmentException exception)
        {
            return exception.Message;
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private async Task WriteEntriesAsync(JobRequest job, string folder, CancellationToken stop)
    {
        Pipe pipe = new();
        Task writing = WriteProductAsync(job, pipe.Writer, stop);
        try
        {
            await new FileEntryWriter(folder).WriteAllAsync(pipe.Reader, stop);
        }
        finally
        {
            // Where writing files failed, this ends the product's writer too.
            await pipe.Reader.CompleteAsync();
            await writing;
        }
    }

    private async Task WriteProductAsync(JobRequest job, PipeWriter writer, CancellationToken stop)
    {
        Exception? failure = null;
        try
        {
            await _products.WriteAsync(job, writer.AsStream(leaveOpen: true), stop);
        }
        catch (Exception exception) when (exception is StorageException or IOException or OperationCanceledException)
        {
            // The reader of the pipe throws it on.
            failure = exception;
        }

        await writer.CompleteAsync(failure);
    }
}
