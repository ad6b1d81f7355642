using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.Pipeline;

/// <summary>What happens to the value that a pipeline returns.</summary>
internal static class GatewayResults
{
    /// <summary>The result of a pipeline whose answer has been written already.</summary>
    public static IResult Executed => Results.Empty;

    /// <summary>Writes the value to the client the way the framework does for its own handlers.</summary>
    public static Task ExecuteAsync(HttpContext httpContext, object? value) => value switch
    {
        null => Task.CompletedTask,
        IResult result => result.ExecuteAsync(httpContext),
        string text => Results.Text(text).ExecuteAsync(httpContext),
        _ => httpContext.Response.WriteAsJsonAsync(value, JsonTypeOf(httpContext, value)),
    };

    /// <summary>What a result is a shell of: unions of results have the one that was meant inside.</summary>
    public static object? Innermost(object? value)
    {
        while (value is INestedHttpResult nested)
        {
            value = nested.Result;
        }

        return value;
    }

    /// <summary>The status that the value leads to; where it says none, that of the response, by which a handler may have said it all.</summary>
    public static int StatusOf(HttpContext httpContext, object? value)
    {
        var result = Innermost(value);
        return (result as IStatusCodeHttpResult)?.StatusCode ?? (result as IStatusCodeActionResult)?.StatusCode ?? httpContext.Response.StatusCode;
    }

    /// <summary>Releases an answer that nobody will write, such as a destination's that a filter replaced.</summary>
    public static ValueTask DiscardAsync(object? value)
    {
        switch (value)
        {
            case IAsyncDisposable disposable:
                return disposable.DisposeAsync();
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }

        return ValueTask.CompletedTask;
    }

    private static JsonTypeInfo JsonTypeOf(HttpContext httpContext, object value) =>
        httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions.GetTypeInfo(value.GetType());
}
