using System.Buffers;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Sdk;

/// <summary>Brings one file to the harbor: digest, look-up, and the bytes only where they are needed.</summary>
internal static class FileUpload
{
    private const int ReadBytes = 256 * 1024;

    public static async Task<InputFile> RunAsync(PtorrentClient client, string path, CancellationToken stop)
    {
        await using FileStream file = new(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0,
            useAsync: true);
        (Digest digest, long sizeBytes) = await DigestAsync(file, stop);
        InputFile input = new(Path.GetFileName(path), digest, sizeBytes);
        if (await client.FindBlobAsync(digest, stop) == sizeBytes)
        {
            return input;
        }

        file.Position = 0;
        try
        {
            await client.PutBlobAsync(digest, file, sizeBytes, stop);
            return input;
        }
        catch (RefusedException error) when (error.Refusal.Code == RefusalCode.DigestMismatch)
        {
            throw new FileChangedException(path, error);
        }
        catch (Exception error) when (error is EndOfStreamException || error.InnerException is EndOfStreamException
            || error.InnerException?.InnerException is EndOfStreamException)
        {
            throw new FileChangedException(path, error);
        }
    }

    private static async Task<(Digest Digest, long SizeBytes)> DigestAsync(FileStream file, CancellationToken stop)
    {
        MerkleHasher hasher = new();
        long sizeBytes = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            int got;
            while ((got = await file.ReadAsync(buffer, stop)) > 0)
            {
                hasher.Append(buffer.AsSpan(0, got));
                sizeBytes += got;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return (hasher.Finish(), sizeBytes);
    }
}
