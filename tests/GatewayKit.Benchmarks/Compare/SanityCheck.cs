using System.Net;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>Asks a target each question once before it is loaded: a fast wrong answer is not a result.</summary>
internal static class SanityCheck
{
    /// <returns>What is wrong with the answer, or <see langword="null"/>.</returns>
    public static async Task<string?> FindFaultAsync(HttpMessageInvoker client, Target target, CompareCase test)
    {
        using var response = await SendAsync(client, target, test, withRequiredHeader: true);
        var body = await response.Content.ReadAsStringAsync();
        if (response.StatusCode is not HttpStatusCode.OK || body != test.Answer)
        {
            return $"answered {(int)response.StatusCode} with {body.Length} characters instead of 200 with {test.Answer.Length}";
        }

        if (test.AnswersWithHeaders && response.Headers.Count(static header => header.Key.StartsWith("X-Response-", StringComparison.OrdinalIgnoreCase)) is not 20)
        {
            return "lost headers of the answer";
        }

        if (test.RequiredHeader is not { } required)
        {
            return null;
        }

        using var refused = await SendAsync(client, target, test, withRequiredHeader: false);
        return refused.StatusCode is HttpStatusCode.Unauthorized ? null : $"answered {(int)refused.StatusCode} without {required} instead of 401";
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker client, Target target, CompareCase test, bool withRequiredHeader)
    {
        using var request = new HttpRequestMessage(test.PostBytes > 0 ? HttpMethod.Post : HttpMethod.Get, new Uri(target.Address, test.Path));
        foreach (var (name, value) in test.Headers.Where(header => withRequiredHeader || header.Key != test.RequiredHeader))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (test.PostBytes > 0)
        {
            request.Content = new StringContent(new string('x', test.PostBytes));
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return await client.SendAsync(request, limit.Token);
    }
}
