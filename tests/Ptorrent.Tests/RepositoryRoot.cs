using Ptorrent.Model;

namespace Ptorrent.Tests;

/// <summary>Where the repository is that the tests were built from.</summary>
internal static class RepositoryRoot
{
    /// <summary>The full path of the folder that holds the solution.</summary>
    public static string Path { get; } = Find();

    /// <summary>The full path of something in the repository.</summary>
    public static string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder, "ptorrent.slnx")))
        {
            folder = System.IO.Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvariantException("The tests run outside of the repository.");
    }
}
