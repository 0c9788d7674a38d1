using System.Collections.Immutable;
using System.Globalization;

namespace Ptorrent.Simulation.Scale;

/// <summary>Real hosts: the processors of SETI@home's volunteers as the project published them.</summary>
internal static class HostList
{
    private const string File = "boinc-hosts/seti_cpu_list.csv";
    private const string Variable = "PTORRENT_TRACES";

    /// <summary>Cores and speed of one core in 10⁹ operations a second, one a host.</summary>
    /// <exception cref="FileNotFoundException">The traces are not there; the message says what to do.</exception>
    public static ImmutableArray<(int Cores, double GigaPerSecond)> Read()
    {
        string folder = Environment.GetEnvironmentVariable(Variable) ?? FindFolder();
        string path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path))
        {
            throw new FileNotFoundException(
                $"The host traces are not at {path}. Set {Variable} to the folder that holds {File}, "
                + "or put it beside the repository as ../shared/traces.");
        }

        return
        [
            .. System.IO.File.ReadLines(path)
                .Skip(1)
                .Select(l => l.Split(','))
                .Where(w => w.Length == 2)
                .Select(w => (
                    int.Parse(w[0], CultureInfo.InvariantCulture),
                    double.Parse(w[1], CultureInfo.InvariantCulture))),
        ];
    }

    private static string FindFolder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder, "ptorrent.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        for (string? above = folder; above is not null; above = Path.GetDirectoryName(above))
        {
            string candidate = Path.Combine(above, "shared", "traces");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return Path.Combine("..", "shared", "traces");
    }
}
