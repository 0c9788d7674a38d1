using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Ptorrent.Cli.Hosting;

/// <summary>Where harbor and agent log to.</summary>
internal static class Loggers
{
    private const string LevelVariable = "PTORRENT_LOG";

    /// <summary>For a harbor or an agent that is the point of the command: standard error.</summary>
    public static ILoggerFactory ForService(bool quiet) => Create(quiet ? LogLevel.Warning : LogLevel.Information);

    /// <summary>For a harbor or an agent that only serves another command: nothing, unless PTORRENT_LOG names a level.
    /// </summary>
    public static ILoggerFactory ForHelper() =>
        Environment.GetEnvironmentVariable(LevelVariable) is { Length: > 0 }
            ? Create(LogLevel.Information)
            : NullLoggerFactory.Instance;

    private static ILoggerFactory Create(LogLevel ordinary)
    {
        LogLevel level = Enum.TryParse(
            Environment.GetEnvironmentVariable(LevelVariable), ignoreCase: true, out LogLevel said) ? said : ordinary;
        return LoggerFactory.Create(builder => builder
            .SetMinimumLevel(level)
            .AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning)

            // What fails at the start is thrown as well, and told in one line.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
                options.ColorBehavior =
                    Console.IsErrorRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
            })
            .Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace));
    }
}
