using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.Api;

/// <summary>Products, as they grow.</summary>
internal sealed class ResultsApi(HarborLoop loop, HarborReader reader, ProductAnswers products)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet(ApiPaths.Results, GetAsync);

    private Task GetAsync(HttpContext context)
    {
        JobId id = JobsApi.IdOf(context);
        JobFeed? feed = loop.FeedOf(id);
        JobRequest job = reader.FindJob(id) ?? throw new RefusedException(HarborRefusals.NoSuchJob(id));
        return products.WriteAsync(context, StatusCodes.Status200OK, job, feed);
    }
}
