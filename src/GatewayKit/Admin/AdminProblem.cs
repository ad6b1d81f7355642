using System.Text.Json;
using System.Text.Json.Nodes;
using GatewayKit.Configuration;
using GatewayKit.Diagnostics;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.Admin;

/// <summary>Why the admin API did not do something, as problem+json (RFC 9457).</summary>
internal sealed record AdminProblem(int Status, string Code, string Title) : IResult, IStatusCodeHttpResult
{
    public string? Detail { get; init; }

    /// <summary>All that is wrong with a document, by the paths of its keys.</summary>
    public IReadOnlyList<ConfigurationError> Errors { get; init; } = [];

    int? IStatusCodeHttpResult.StatusCode => Status;

    public static AdminProblem NoSuch(string kind) => new(StatusCodes.Status404NotFound, "not-found", $"There is no such {kind}.");

    public static AdminProblem Invalid(params IReadOnlyList<ConfigurationError> errors) => new(StatusCodes.Status400BadRequest, "invalid", "The request has errors.") { Errors = errors };

    public static AdminProblem Invalid(string path, string message) => Invalid(new ConfigurationError(path, message));

    public static AdminProblem Conflict(string code, string detail) => new(StatusCodes.Status409Conflict, code, "The request contradicts what is there.") { Detail = detail };

    public static AdminProblem Changed { get; } =
        new(StatusCodes.Status412PreconditionFailed, "changed", "Somebody else has changed the consumer.") { Detail = "Read it again, and send its new ETag in If-Match." };

    public static AdminProblem NoVersion { get; } =
        new(StatusCodes.Status428PreconditionRequired, "if-match-required", "The request does not say what it replaces.") { Detail = "Send the ETag of the consumer that was read in If-Match." };

    public static AdminProblem NoStore { get; } = new(StatusCodes.Status501NotImplemented, "no-writable-store", "There is no store of consumers that can be written.")
    {
        Detail = $"Consumers of the configuration are changed there. For others call AddEntityFrameworkConsumers() of the package GatewayKit.EntityFrameworkCore, or AddConsumerStore<T>() with a store that is an {nameof(IConsumerRepository)}.",
    };

    public static AdminProblem StoreFailed { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "store-unavailable", "The store of consumers did not answer.") { Detail = "What was asked for may have been done: look before trying again." };

    public static AdminProblem NotFromHere { get; } = new(StatusCodes.Status403Forbidden, "not-from-a-page", "The request may come from a page of somebody else.")
    {
        Detail = $"Send the header {AdminRequest.Header}, with any value; a browser lets no foreign page do that.",
    };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        httpContext.Response.StatusCode = Status;
        var details = new ProblemDetails
        {
            Type = (services.GetService<IOptions<GatewayOptions>>()?.Value.ProblemTypeBase ?? GatewayOptions.DefaultProblemTypeBase) + Code,
            Title = Title,
            Status = Status,
            Detail = Detail,
        };
        details.Extensions["code"] = Code;
        details.Extensions["traceId"] = TraceIdentifiers.Of(httpContext);
        if (Errors.Count > 0)
        {
            details.Extensions["errors"] = ErrorsByPath();
        }

        if (services.GetService<IProblemDetailsService>() is not { } writer
            || !await writer.TryWriteAsync(new() { HttpContext = httpContext, ProblemDetails = details }).ConfigureAwait(false))
        {
            await httpContext.Response.WriteAsJsonAsync(details, Pipeline.ProblemJsonContext.Default.ProblemDetails, "application/problem+json", httpContext.RequestAborted).ConfigureAwait(false);
        }
    }

    // In the form of the framework's own validation problems.
    private JsonElement ErrorsByPath()
    {
        var errors = new JsonObject();
        foreach (var ofPath in Errors.GroupBy(static error => error.Path))
        {
            errors[ofPath.Key] = new JsonArray([.. ofPath.Select(static error => JsonValue.Create(error.Message))]);
        }

        using var document = JsonDocument.Parse(errors.ToJsonString());
        return document.RootElement.Clone();
    }
}
