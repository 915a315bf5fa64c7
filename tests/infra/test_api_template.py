"""The promises of template.yaml about the HTTPS APIs: routes, who may use them, and who may call the functions."""

from typing import Any

from functions.agent_api import access as agent_access
from functions.agent_api.app import api as agent_api
from functions.customer_api.access import ANY_SCOPE, CATCH_ALL, PUBLIC, ROUTES
from functions.customer_api.app import api
from tests.support.template import cloudformation, resources


def gateway(of: str = "Api") -> dict[str, dict[str, object]]:
    """The routes of one API, by their keys."""
    return {
        route["Properties"]["RouteKey"]: route["Properties"]
        for route in resources("AWS::ApiGatewayV2::Route").values()
        if route["Properties"]["ApiId"] == {"Ref": of}
    }


def routes_of(resolver: Any) -> set[str]:
    return {
        f"{route.method} {route.path}".replace("<", "{").replace(">", "}")
        for route in (*resolver._static_routes, *resolver._dynamic_routes)
    }


def test_the_gateway_the_function_and_the_table_of_access_have_the_same_routes() -> None:
    assert set(gateway()) - {CATCH_ALL} == routes_of(api) == set(ROUTES)


def test_every_route_asks_for_the_token_and_the_scope_that_the_function_asks_for() -> None:
    for key, scope in ROUTES.items():
        route = gateway()[key]
        if scope == PUBLIC:
            assert route["AuthorizationType"] == "NONE", key
            assert "AuthorizerId" not in route, key
        else:
            assert route["AuthorizationType"] == "JWT", key
            assert route["AuthorizerId"] == {"Ref": "TokenAuthorizer"}, key
            wanted = None if scope == ANY_SCOPE else [{"Fn::Sub": f"${{ApiScopePrefix}}{scope}"}]
            assert route.get("AuthorizationScopes") == wanted, key


def test_an_unknown_route_below_v1_reaches_the_function_to_be_told_its_methods() -> None:
    assert gateway()[CATCH_ALL]["AuthorizationType"] == "NONE"
    assert "AuthorizerId" not in gateway()[CATCH_ALL]


def test_only_what_anybody_may_ask_goes_without_a_token() -> None:
    public = {key for key, route in gateway().items() if route["AuthorizationType"] == "NONE"} - {CATCH_ALL}
    assert public == {
        "GET /v1/hotline/numbers",
        "GET /v1/hotline/numbers/verify",
        "GET /v1/hotline/hours",
        "POST /v1/recoveries",
        "POST /v1/recoveries/{id}/codes",
        "POST /v1/repudiations",
        "GET /e/{token}",
        "POST /e/{token}",
    }


def test_tokens_are_those_of_the_wallets_issuer_for_this_api() -> None:
    authorizer = cloudformation()["Resources"]["TokenAuthorizer"]["Properties"]
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["JwtConfiguration"] == {"Issuer": {"Ref": "ApiIssuer"}, "Audience": [{"Ref": "ApiAudience"}]}
    assert "Default" not in cloudformation()["Parameters"]["ApiIssuer"]
    assert "Default" not in cloudformation()["Parameters"]["ApiAudience"]


def test_every_route_goes_to_the_functions_alias() -> None:
    for key, route in gateway().items():
        assert route["Target"] == {"Fn::Sub": "integrations/${CustomerApiIntegration}"}, key
    integration = cloudformation()["Resources"]["CustomerApiIntegration"]["Properties"]
    assert integration["IntegrationUri"] == {"Ref": "CustomerApiFunctionAliaslive"}
    assert integration["PayloadFormatVersion"] == "2.0"


def test_the_gateway_may_call_the_function_for_this_api_only() -> None:
    permission = cloudformation()["Resources"]["CustomerApiPermission"]["Properties"]
    assert permission["FunctionName"] == {"Ref": "CustomerApiFunctionAliaslive"}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/*")


# ---------------------------------------------------------------- the agents' API


def test_the_agents_gateway_their_function_and_the_table_of_access_have_the_same_routes() -> None:
    found = set(gateway("AgentApi")) - {agent_access.CATCH_ALL}
    assert found == routes_of(agent_api) == set(agent_access.ROUTES)


def test_every_route_of_agents_asks_for_their_token_and_the_scope_that_the_function_asks_for() -> None:
    for key, permission in agent_access.ROUTES.items():
        route = gateway("AgentApi")[key]
        assert route["AuthorizationType"] == "JWT", key
        assert route["AuthorizerId"] == {"Ref": "AgentTokenAuthorizer"}, key
        assert route["AuthorizationScopes"] == [permission.value], key
    assert gateway("AgentApi")[agent_access.CATCH_ALL]["AuthorizationType"] == "NONE"


def test_agents_have_another_issuer_and_audience_than_customers() -> None:
    found = cloudformation()["Resources"]["AgentTokenAuthorizer"]["Properties"]
    assert found["ApiId"] == {"Ref": "AgentApi"}
    assert found["JwtConfiguration"] == {"Issuer": {"Ref": "AgentIssuer"}, "Audience": [{"Ref": "AgentAudience"}]}
    needs_audience, other_audience = cloudformation()["Rules"]["AgentsHaveAnAudience"]["Assertions"]
    assert needs_audience["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AgentAudience"}, ""]}]}
    assert other_audience["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AgentAudience"}, {"Ref": "ApiAudience"}]}]}


def test_nothing_of_the_agents_gateway_is_there_without_an_issuer() -> None:
    found = cloudformation()["Resources"]
    assert cloudformation()["Conditions"]["HasAgents"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AgentIssuer"}, ""]}]}
    for name, resource in found.items():
        if {"Ref": "AgentApi"} in resource.get("Properties", {}).values() or name == "AgentApi":
            assert resource["Condition"] == "HasAgents", name
    assert found["AgentApiPermission"]["Condition"] == "HasAgents"
    assert cloudformation()["Parameters"]["AgentIssuer"]["Default"] == ""


def test_every_route_of_agents_goes_to_their_functions_alias() -> None:
    for key, route in gateway("AgentApi").items():
        assert route["Target"] == {"Fn::Sub": "integrations/${AgentApiIntegration}"}, key
    integration = cloudformation()["Resources"]["AgentApiIntegration"]["Properties"]
    assert integration["IntegrationUri"] == {"Ref": "AgentApiFunctionAliaslive"}
    permission = cloudformation()["Resources"]["AgentApiPermission"]["Properties"]
    assert permission["FunctionName"] == {"Ref": "AgentApiFunctionAliaslive"}
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${AgentApi}/*")


def test_agents_have_a_throttle_of_their_own_and_the_route_without_a_token_little_of_it() -> None:
    stage = cloudformation()["Resources"]["AgentApiStage"]
    assert stage["Properties"]["ApiId"] == {"Ref": "AgentApi"}
    assert stage["Properties"]["DefaultRouteSettings"]["ThrottlingRateLimit"] == 50
    limited = stage["Properties"]["RouteSettings"]
    assert {key: limit["ThrottlingRateLimit"] for key, limit in limited.items()} == {agent_access.CATCH_ALL: 5}
    # A stage that names a route is made after it.
    assert stage["DependsOn"] == "AgentsOtherRoute"


def test_the_desks_origin_alone_may_ask_from_a_browser() -> None:
    cors = cloudformation()["Resources"]["AgentApi"]["Properties"]["CorsConfiguration"]["Fn::If"]
    assert (cors[0], cors[2]) == ("HasDeskOrigin", {"Ref": "AWS::NoValue"})
    assert cors[1]["AllowOrigins"] == [{"Ref": "DeskOrigin"}]
    methods = {route.partition(" ")[0] for route in agent_access.ROUTES}
    assert set(cors[1]["AllowMethods"]) == methods
    asked = {"authorization", "content-type", "desk-contact", "desk-reason", "idempotency-key", "if-match"}
    assert asked <= set(cors[1]["AllowHeaders"])
    assert {"etag", "retry-after"} <= set(cors[1]["ExposeHeaders"])


def test_errors_of_the_agents_api_raise_an_alarm() -> None:
    alarm = cloudformation()["Resources"]["AgentApiErrorsAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5xx")
    assert alarm["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": "AgentApi"}}]
