using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>Gateways whose clock stands still until the test moves it.</summary>
internal static class ThrottledGateway
{
    public static Task<TestHost> StartAsync(FakeTimeProvider time, Action<WebApplication> map, string? json = null, Action<GatewayBuilder>? services = null) =>
        TestHost.GatewayAsync(
            json,
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                services?.Invoke(builder);
            },
            map);

    public static GatewayRoute Route(string id) => new() { Id = id, Match = new() { Path = $"/{id}" }, Respond = new() { Body = id } };

    /// <summary>Sends one request after the other.</summary>
    /// <returns>How many of them passed; the others were refused with 429.</returns>
    public static async Task<int> PassedAsync(this TestHost gateway, string path, int requests, string? tenant = null)
    {
        var passed = 0;
        for (var i = 0; i < requests; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (tenant is not null)
            {
                request.Headers.Add("X-Tenant", tenant);
            }

            using var response = await gateway.Client.SendAsync(request);
            Assert.Contains(response.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
            passed += response.IsSuccessStatusCode ? 1 : 0;
        }

        return passed;
    }
}
