using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.Api;

/// <summary>The secret that opens the harbor's interface: 256 random bits in a file that only its owner can
/// read.</summary>
internal sealed class AccessKey
{
    private const string FileName = "access.key";
    private const string Scheme = "Bearer ";
    private const int KeyBytes = 32;

    private readonly byte[] _digest;

    private AccessKey(string text)
    {
        Text = text;
        _digest = SHA256.HashData(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The key in base64url.</summary>
    public string Text { get; }

    /// <summary>Reads the key below the harbor's home; makes one at the first start.</summary>
    /// <exception cref="RefusedException">The file holds no key.</exception>
    public static async Task<AccessKey> LoadAsync(string home, CancellationToken stop)
    {
        string path = Path.Combine(home, FileName);
        if (!File.Exists(path))
        {
            string made = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
            await DurableFiles.WriteAsync(path, Encoding.ASCII.GetBytes(made), stop);
        }

        string text = (await File.ReadAllTextAsync(path, stop)).Trim();
        return Base64Url.IsValid(text, out int length) && length == KeyBytes
            ? new AccessKey(text)
            : throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue,
                "key",
                path,
                "the file holds no access key",
                "Delete it; the harbor makes a new key at its next start"));
    }

    /// <summary>Whether an Authorization header carries the key. Takes the same time whatever it carries.</summary>
    public bool Opens(string? authorization)
    {
        string given = authorization ?? string.Empty;
        given = given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? given[Scheme.Length..] : string.Empty;

        // Hashes are compared, so that not even the length of what was given shows in the time.
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(given));
        return CryptographicOperations.FixedTimeEquals(digest, _digest);
    }
}
