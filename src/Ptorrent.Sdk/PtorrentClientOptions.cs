namespace Ptorrent.Sdk;

/// <summary>How patient a <see cref="PtorrentClient"/> is.</summary>
public sealed record PtorrentClientOptions
{
    /// <summary>How long a connection may take to be made. Default 10 s.</summary>
    public TimeSpan ConnectTimeMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the answer to a short question may take. Uploads, results and events have no such limit.
    /// Default 60 s.</summary>
    public TimeSpan AnswerTimeMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long events and results try to reach a harbor that has gone before they give up. Default 60 s.
    /// </summary>
    public TimeSpan ReconnectTimeMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock of waits and limits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
