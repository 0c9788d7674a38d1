using System.Collections.Immutable;
using System.Net;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor;

/// <summary>How a harbor is run.</summary>
public sealed record HarborOptions
{
    private const int NameCharactersMax = 200;

    /// <summary>The folder that holds all that the harbor keeps; made if it is not there. One harbor at a
    /// time.</summary>
    public required string HomeDirectory { get; init; }

    /// <summary>Where it listens: a loopback address; port 0 is any free one. Default 127.0.0.1:7070.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 7070);

    /// <summary>Its name for people, 1 to 200 characters. Default the machine's name.</summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>Hosts to which products may be posted, as in an address, without the port. Default none.</summary>
    public ImmutableArray<string> WebhookHosts { get; init; } = [];

    /// <summary>Whether products may be posted to any host. Default no: with it, whoever holds the access key can
    /// make the harbor's machine call any address that it reaches.</summary>
    public bool AnyWebhookHost { get; init; }

    /// <summary>The largest blob, in bytes. Default 4 GiB; above zero.</summary>
    public long BlobBytesMax { get; init; } = 4L << 30;

    /// <summary>The largest database, in bytes; 0 is no limit but the disk's. Default 0.</summary>
    public long DatabaseBytesMax { get; init; }

    /// <summary>The largest job description that is taken, in bytes of JSON. Default 64 MiB; above zero.</summary>
    public int JobRequestBytesMax { get; init; } = 64 << 20;

    /// <summary>Ended jobs that are kept, the newest. Default 1,000; not negative.</summary>
    public int EndedJobCountMax { get; init; } = 1_000;

    /// <summary>How long an ended job is kept at most. Default 30 days; above zero.</summary>
    public TimeSpan EndedJobTimeMax { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long a blob that no job names is kept: whoever uploaded it may be about to submit the job. Default
    /// a day; above zero.</summary>
    public TimeSpan UnnamedBlobTime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Sees whether a harbor can be run so.</summary>
    /// <exception cref="RefusedException">It cannot.</exception>
    public void Validate()
    {
        if (HomeDirectory.Length == 0)
        {
            throw Refuse("home", HomeDirectory, "a harbor needs a folder for what it keeps", "Name one");
        }

        if (!IPAddress.IsLoopback(Listen.Address))
        {
            throw Refuse(
                "listen",
                Listen.ToString(),
                "this version of the harbor has no TLS yet, so it listens on this machine only",
                "Give a loopback address, such as 127.0.0.1:7070; reach it from elsewhere through an SSH tunnel");
        }

        if (Name.Length is 0 or > NameCharactersMax)
        {
            throw Refuse("name", Name, "a harbor's name has 1 to 200 characters", "Choose another");
        }

        if (BlobBytesMax <= 0 || JobRequestBytesMax <= 0 || DatabaseBytesMax < 0)
        {
            throw Refuse("limits", string.Empty, "sizes are above zero", "Leave them out for the defaults");
        }

        if (EndedJobCountMax < 0 || EndedJobTimeMax <= TimeSpan.Zero || UnnamedBlobTime <= TimeSpan.Zero)
        {
            throw Refuse(
                "retention",
                string.Empty,
                "counts are not negative, times above zero",
                "Leave them out for the defaults");
        }
    }

    private static RefusedException Refuse(string field, string value, string rule, string remedy) =>
        new(new Refusal(RefusalCode.InvalidValue, field, value, rule, remedy));
}
