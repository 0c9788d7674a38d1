namespace Ptorrent.Harbor.Api;

/// <summary>The paths of docs/protocol/api.md.</summary>
internal static class ApiPaths
{
    public const string Health = "/health";

    public const string Blob = "/api/blobs/{digest}";

    public const string MissingBlobs = "/api/blobs/missing";

    public const string Pieces = "/api/blobs/{digest}/pieces";

    public const string Source = "/api/blobs/{digest}/sources/{agent}";

    public const string Jobs = "/api/jobs";

    public const string Job = "/api/jobs/{id}";

    public const string Events = "/api/jobs/{id}/events";

    public const string Results = "/api/jobs/{id}/results";

    public const string Network = "/api/network";
}
