using GatewayKit.ClientTests.Node;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Chromium;

/// <summary>The page, and what only browsers ask of a service.</summary>
internal static class PageServices
{
    public static void Map(WebApplication app, Gates gates)
    {
        app.MapGet("/page", static () => Results.File(Path.Combine(AppContext.BaseDirectory, "Chromium", "page.html"), "text/html; charset=utf-8"));
        app.MapGet("/attachment", static () => Results.File(new byte[3_000_000], "application/octet-stream", "größe.bin"));
        app.MapGet("/cached/{run}", (string run, HttpContext context) =>
        {
            // Revalidated by its tag, and otherwise not asked for twice.
            var isFirst = gates.IsFirst($"cached {run}");
            context.Response.Headers.CacheControl = "max-age=600";
            context.Response.Headers.ETag = "\"one\"";
            return context.Request.Headers.IfNoneMatch == "\"one\"" ? Results.StatusCode(StatusCodes.Status304NotModified) : Results.Text(isFirst ? "first" : "again");
        });
        app.MapMethods("/cors", ["OPTIONS", "GET", "PUT", "DELETE"], AnswerOtherOrigin);
    }

    // Written by hand: it must be the service that decides, and its very fields that arrive.
    private static string AnswerOtherOrigin(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        headers.AccessControlAllowOrigin = request.Headers.Origin;
        headers.AccessControlAllowCredentials = "true";
        headers.Vary = "Origin";
        if (HttpMethods.IsOptions(request.Method))
        {
            headers.AccessControlAllowMethods = "GET, PUT";
            headers.AccessControlAllowHeaders = "x-custom";
            headers.AccessControlMaxAge = "60";
            return "";
        }

        headers.AccessControlExposeHeaders = "x-shown";
        (headers["X-Shown"], headers["X-Hidden"]) = ("shown", "hidden");
        return $"{request.Method} {request.Headers["X-Custom"]}";
    }
}
