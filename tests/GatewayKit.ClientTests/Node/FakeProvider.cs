using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Node;

/// <summary>
/// Speaks the wire format of two providers of language models, with canned words: JSON answers, streams of events, errors, retry
/// headers and paging. It insists on the headers that the real ones insist on. The model's name says how it behaves.
/// </summary>
internal static class FakeProvider
{
    private static readonly string[] Words = ["Good ", "day, ", "wörld ", "🌍"];

    public static void Map(WebApplication app, Gates gates)
    {
        var openAi = app.MapGroup("/openai/v1").AddEndpointFilter(RequireBearerAsync);
        openAi.MapPost("/chat/completions", (HttpRequest request) => ChatAsync(request.HttpContext, gates));
        openAi.MapPost("/embeddings", static () => Results.Json(new
        {
            @object = "list",
            model = "words",
            data = new[] { new { @object = "embedding", index = 0, embedding = new[] { 0.25f, -1.5f } } },
            usage = new { prompt_tokens = 1, total_tokens = 1 },
        }));
        openAi.MapGet("/fine_tuning/jobs", static (string? after) => Results.Json(new
        {
            @object = "list",
            data = after is null ? new[] { new { id = "job-1" }, new { id = "job-2" } } : [new { id = "job-3" }],
            has_more = after is null,
        }));
        openAi.MapPost("/files", UploadAsync);

        var anthropic = app.MapGroup("/anthropic/v1").AddEndpointFilter(RequireVersionAsync);
        anthropic.MapPost("/messages", (HttpRequest request) => MessagesAsync(request.HttpContext, gates));
        anthropic.MapPost("/messages/count_tokens", static () => Results.Json(new { input_tokens = 42 }));
    }

    private static ValueTask<object?> RequireBearerAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        context.HttpContext.Response.Headers["X-Request-Id"] = "req_1";
        return context.HttpContext.Request.Headers.Authorization == "Bearer sk-test"
            ? next(context)
            : new(Results.Json(new { error = new { message = "Incorrect API key provided", type = "invalid_request_error", code = "invalid_api_key" } }, statusCode: 401));
    }

    private static ValueTask<object?> RequireVersionAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        context.HttpContext.Response.Headers["Request-Id"] = "req_2";
        var headers = context.HttpContext.Request.Headers;
        return headers.Authorization == "Bearer sk-ant-test" && DateOnly.TryParse(headers["Anthropic-Version"], CultureInfo.InvariantCulture, out _)
            ? next(context)
            : new(Results.Json(new { type = "error", error = new { type = "authentication_error", message = "invalid x-api-key" } }, statusCode: 401));
    }

    private static async Task<IResult> ChatAsync(HttpContext context, Gates gates)
    {
        var request = (await JsonNode.ParseAsync(context.Request.Body))!;
        var (model, run) = (request["model"]!.GetValue<string>(), request["user"]?.GetValue<string>() ?? "none");
        if (model is "busy" && gates.IsFirst($"busy {run}"))
        {
            context.Response.Headers["Retry-After-Ms"] = "5";
            context.Response.Headers["X-Ratelimit-Remaining-Requests"] = "0";
            return Results.Json(new { error = new { message = "Rate limit reached", type = "requests", code = "rate_limit_exceeded" } }, statusCode: 429);
        }

        if (model is "unknown")
        {
            return Results.Json(new { error = new { message = "The model does not exist", type = "invalid_request_error", param = "model", code = "model_not_found" } }, statusCode: 404);
        }

        if (request["stream"]?.GetValue<bool>() is not true)
        {
            var message = new { role = "assistant", content = string.Concat(Words) };
            return Results.Json(new
            {
                id = "chatcmpl-1",
                @object = "chat.completion",
                created = 1,
                model,
                choices = new[] { new { index = 0, message, finish_reason = "stop" } },
                usage = new { prompt_tokens = 3, completion_tokens = 4, total_tokens = 7 },
            });
        }

        var events = new EventWriter(context, gates, run);
        await events.WriteAsync(null, ChatChunk(new { role = "assistant", content = "" }, null));
        foreach (var word in Words)
        {
            await events.WriteAsync(null, ChatChunk(new { content = word }, null));
            await events.WaitForClientAsync();
        }

        await events.WriteAsync(null, ChatChunk(new { }, "stop"));
        await events.WriteAsync(null, "[DONE]");
        return Results.Empty;

        string ChatChunk(object delta, string? finish) => JsonSerializer.Serialize(new
        {
            id = "chatcmpl-1",
            @object = "chat.completion.chunk",
            created = 1,
            model,
            choices = new[] { new { index = 0, delta, finish_reason = finish } },
        });
    }

    private static async Task<IResult> UploadAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var file = form.Files[0];
        return Results.Json(new { id = "file-1", @object = "file", bytes = file.Length, filename = file.FileName, purpose = form["purpose"].ToString() });
    }

    private static async Task<IResult> MessagesAsync(HttpContext context, Gates gates)
    {
        var request = (await JsonNode.ParseAsync(context.Request.Body))!;
        var (model, run) = (request["model"]!.GetValue<string>(), request["metadata"]?["user_id"]?.GetValue<string>() ?? "none");
        if (model is "busy" && gates.IsFirst($"overloaded {run}"))
        {
            context.Response.Headers["Retry-After-Ms"] = "5";
            return Results.Json(new { type = "error", error = new { type = "overloaded_error", message = "Overloaded" } }, statusCode: 529);
        }

        if (model is "unknown")
        {
            return Results.Json(new { type = "error", error = new { type = "not_found_error", message = "model: unknown" } }, statusCode: 404);
        }

        var usage = new { input_tokens = 3, output_tokens = 4 };
        if (request["stream"]?.GetValue<bool>() is not true)
        {
            var content = new[] { new { type = "text", text = string.Concat(Words) } };
            return Results.Json(new { id = "msg_1", type = "message", role = "assistant", model, content, stop_reason = "end_turn", usage });
        }

        var events = new EventWriter(context, gates, run);
        await events.WriteJsonAsync("message_start", new { type = "message_start", message = new { id = "msg_1", type = "message", role = "assistant", model, content = Array.Empty<object>(), usage } });
        await events.WriteJsonAsync("content_block_start", new { type = "content_block_start", index = 0, content_block = new { type = "text", text = "" } });
        await events.WriteJsonAsync("ping", new { type = "ping" });
        foreach (var word in Words)
        {
            await events.WriteJsonAsync("content_block_delta", new { type = "content_block_delta", index = 0, delta = new { type = "text_delta", text = word } });
            await events.WaitForClientAsync();
            if (model is "breaking")
            {
                await events.WriteJsonAsync("error", new { type = "error", error = new { type = "overloaded_error", message = "Overloaded" } });
                return Results.Empty;
            }
        }

        await events.WriteJsonAsync("content_block_stop", new { type = "content_block_stop", index = 0 });
        await events.WriteJsonAsync("message_delta", new { type = "message_delta", delta = new { stop_reason = "end_turn" }, usage = new { output_tokens = 4 } });
        await events.WriteJsonAsync("message_stop", new { type = "message_stop" });
        return Results.Empty;
    }

    /// <summary>Writes server-sent events, each of which the client has to confirm: one that waits in a buffer stops the stream.</summary>
    private sealed class EventWriter(HttpContext context, Gates gates, string run)
    {
        private int _confirmed;

        public Task WriteJsonAsync(string name, object data) => WriteAsync(name, JsonSerializer.Serialize(data));

        public async Task WriteAsync(string? name, string data)
        {
            if (!context.Response.HasStarted)
            {
                context.Response.ContentType = "text/event-stream; charset=utf-8";
                context.Response.Headers.CacheControl = "no-cache";
            }

            await context.Response.WriteAsync($"{(name is null ? "" : $"event: {name}\n")}data: {data}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        public async Task WaitForClientAsync()
        {
            var confirmed = gates.WaitAsync($"{run}-{++_confirmed}");
            try
            {
                await confirmed.WaitAsync(context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                gates.Open($"aborted {run}");
                throw;
            }
        }
    }
}
