using System.Diagnostics;
using Xunit;

namespace Ptorrent.Tests.Processes;

/// <summary>Who descends from whom, as Linux tells it.</summary>
internal static class ProcessTree
{
    /// <summary>The living descendants of a process.</summary>
    public static IEnumerable<int> Below(int id)
    {
        foreach (int child in All().Where(p => p.Parent == id).Select(p => p.Id).ToArray())
        {
            yield return child;
            foreach (int grandchild in Below(child))
            {
                yield return grandchild;
            }
        }
    }

    /// <summary>Whether a process runs; one that has ended but was not waited for does not.</summary>
    public static bool IsAlive(int id) => TryRead(id) is { State: not ('Z' or 'X') };

    /// <summary>Waits until none of the processes runs.</summary>
    public static async Task WaitForEndAsync(IEnumerable<int> ids)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        foreach (int id in ids)
        {
            try
            {
                using Process process = Process.GetProcessById(id);
                await process.WaitForExitAsync(patience.Token);
            }
            catch (ArgumentException)
            {
                // It has ended.
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Process {id} was still there after 30 s.");
            }
        }
    }

    private static IEnumerable<(int Id, int Parent, char State)> All()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out int id) && TryRead(id) is { } process)
            {
                yield return process;
            }
        }
    }

    private static (int Id, int Parent, char State)? TryRead(int id)
    {
        try
        {
            // "pid (name) state parent …": the name may hold anything, so what follows its last parenthesis counts.
            string text = File.ReadAllText($"/proc/{id}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (id, int.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture), fields[0][0]);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
