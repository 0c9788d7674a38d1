using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Jobs;

/// <summary>
/// The seed of a job's random numbers: a function of what the job runs, never of its id or of who runs it, so that the
/// same program with the same arguments gives the same bytes on a network and on one machine.
/// SHA-256 over: the program's digest; the seed; the count of parameters and each key and value in ordinal order; the
/// count of arguments and each of them. Counts are u32, texts a u32 byte count and UTF-8 bytes, all little-endian.
/// </summary>
public static class JobSeed
{
    /// <summary>Bytes in a seed.</summary>
    public const int ByteCount = 32;

    /// <summary>The seed that belongs to <paramref name="request"/>: 32 bytes.</summary>
    public static ImmutableArray<byte> Of(JobRequest request) =>
        Of(request.Program.Digest, request.Seed, request.Parameters, request.Arguments);

    /// <summary>The seed that belongs to a program called in this way: 32 bytes.</summary>
    public static ImmutableArray<byte> Of(
        Digest program,
        string seed,
        ImmutableSortedDictionary<string, string> parameters,
        ImmutableArray<string> arguments)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(program.ToByteArray());
        AppendText(hash, seed);
        AppendCount(hash, parameters.Count);

        // Sorted here: a dictionary that came with another comparer has another order.
        foreach ((string key, string value) in parameters.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            AppendText(hash, key);
            AppendText(hash, value);
        }

        AppendCount(hash, arguments.Length);
        foreach (string argument in arguments)
        {
            AppendText(hash, argument);
        }

        return ImmutableArray.Create(hash.GetHashAndReset());
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        AppendCount(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendCount(IncrementalHash hash, int count)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, count);
        hash.AppendData(bytes);
    }
}
